import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { step } from './command.mjs';
import { npm } from './npm.mjs';
import { SetupProblem } from './say.mjs';

async function sha512(file) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest('base64')}`;
}

/** @param {string} archive @param {string} folder where its files go */
export const untar = (archive, folder) =>
  step('tar', ['--extract', '--gzip', '--no-same-owner', '--warning=no-unknown-keyword', '--file', archive, '--directory', folder]);

/**
 * Gets one package from the npm registry and unpacks it.
 * @param {string} name with its version
 * @param {string} integrity as lock files have it; anything else than that file is refused
 * @param {string} scratch the folder to do it in
 * @param {string} hint what to do when it cannot be had
 * @returns {Promise<string>} the folder with its files
 */
export async function unpackPackage(name, integrity, scratch, hint) {
  await npm(['pack', name, '--silent', '--pack-destination', scratch], { hint });
  const archive = join(scratch, (await readdir(scratch)).find((file) => file.endsWith('.tgz')) ?? '');
  if ((await sha512(archive)) !== integrity) throw new SetupProblem(`${name} is not the file it was; it is not used.`);
  await untar(archive, scratch);
  return join(scratch, 'package');
}

/**
 * Makes a folder in the cache: whole, or not at all; another checkout may be doing the same.
 * @param {string} folder
 * @param {(scratch: string) => Promise<string>} make returns the folder that is to become it
 */
export async function makeCached(folder, make) {
  await mkdir(dirname(folder), { recursive: true });
  const scratch = await mkdtemp(join(dirname(folder), 'making-'));
  try {
    await rename(await make(scratch), folder).catch(async (error) => {
      if ((await stat(folder).catch(() => null)) === null) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
