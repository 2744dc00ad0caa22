import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const name = 'birthmark-tests';
const memory = '/dev/shm';
const neededBytes = 2 ** 30;

/** Memory where the machine has enough of it as a disk: tests write much, and nothing they write is to outlive them. */
function parentFolder() {
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= neededBytes ? memory : tmpdir();
}

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return /** @type {NodeJS.ErrnoException} */ (thrown).code === 'EPERM';
  }
};

/** The folders of runs that were killed. */
function removeLeftOvers(parent) {
  for (const entry of readdirSync(parent)) {
    const pid = new RegExp(`^${name}-(\\d+)-`, 'u').exec(entry)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(parent, entry), { recursive: true, force: true });
  }
}

/**
 * Before a run of tests: everything temporary goes into one folder, which is removed at the end. The many processes that
 * the tests start find their modules compiled there.
 * @returns {() => void} what to do after the run
 */
export function setup() {
  const parent = parentFolder();
  removeLeftOvers(parent);
  const folder = mkdtempSync(join(parent, `${name}-${process.pid}-`));
  // PostgreSQL and sshd run as users of their own.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  return () => rmSync(folder, { recursive: true, force: true });
}
