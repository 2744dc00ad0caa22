import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backups, readBackup } from '../../../src-main/station/backup/index.ts';
import { TestRegistry } from '../../support/registry.ts';

let made: TestRegistry;
beforeAll(() => {
  made = new TestRegistry();
  for (let count = 0; count < 200; count++) made.run();
  mkdirSync(join(made.dir, 'secrets'));
  mkdirSync(join(made.dir, 'backups'));
});
afterAll(() => made.dispose());

const child = resolve('test/support/backup-child.ts');
const folder = (): string => join(made.dir, 'backups');
const namesIn = (): string[] => readdirSync(folder()).sort();

test('kill -9 before any change to the disk: what has the name of a backup is one, and the next start puts the rest away', async () => {
  let killed = 0;
  const attempt = () => spawnSync(process.execPath, [child, made.dir, String(killed + 1)], { encoding: 'utf8' });
  let last = attempt();
  for (; last.signal === 'SIGKILL'; last = attempt()) {
    for (const name of namesIn().filter((one) => one.endsWith('.tar'))) await readBackup(join(folder(), name), null);
    killed++;
  }
  expect(last.stdout).toContain('made ');
  expect(killed).toBeGreaterThan(10);
  const backups = new Backups({ registry: made.registry, dataDir: made.dir, clock: made.clock, onChange: () => undefined });
  await backups.start();
  expect(namesIn().filter((name) => !name.endsWith('.tar'))).toEqual([]);
  expect(await backups.list()).not.toEqual([]);
});

test('a disk that fills up at whatever moment is named, and nothing half is left on it', () => {
  const verdicts = new Set<string>();
  for (const kilobytes of [4, 16, 100, 200, 400, 600, 800, 100_000]) {
    const script = `mount -t tmpfs -o size=${String(kilobytes)}k none "$1/backups" && "$2" "$3" "$1"; echo; ls -A "$1/backups"`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', made.dir, process.execPath, child], {
      encoding: 'utf8',
    });
    const [verdict = '', ...left] = stdout.trim().split('\n');
    expect(verdict, stderr).toMatch(/^made |^failed DISK_FULL$/u);
    expect(left).toEqual(verdict.startsWith('made') ? [expect.stringMatching(/\.tar$/u)] : []);
    verdicts.add(verdict.slice(0, 6));
  }
  // Both were seen: the smallest is too small, the largest is not.
  expect(verdicts).toEqual(new Set(['failed', 'made /']));
});
