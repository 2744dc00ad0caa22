import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from './paths.mjs';

/** Every file under the given files and folders, in a stable order. */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

/**
 * One hash over names and contents.
 * @param {readonly string[]} paths relative to the checkout; absent ones count as empty
 */
function contentHash(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesUnder(inRoot(path)))) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/**
 * Does the work unless its results are there and were made from the same sources.
 * @param {{name: string, sources: readonly string[], results: readonly string[], work: () => Promise<void>}} job paths relative to the checkout
 */
export async function unlessDone({ name, sources, results, work }) {
  const stamp = inRoot('build', 'stamps', name);
  const hash = contentHash(sources);
  const same = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (same && results.every((result) => existsSync(inRoot(result)))) return;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}
