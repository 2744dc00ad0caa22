#!/usr/bin/env node
// birthmark: the command line from its bundle, on Node 24. What is missing, or older than its sources, is made first.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inPlace } from './setup/command.mjs';
import { inRoot, node24 } from './setup/paths.mjs';
import { runAsScript } from './setup/say.mjs';

const bundle = inRoot('out', 'cli', 'birthmark.mjs');

/** The newest time of a file or folder below; a folder is changed when something in it comes or goes. */
function newest(path) {
  const { mtimeMs } = statSync(path);
  return readdirSync(path, { withFileTypes: true }).reduce((latest, entry) => {
    const inside = join(path, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(inside) : statSync(inside).mtimeMs);
  }, mtimeMs);
}

/** Hashing the sources takes longer than most commands: their times tell as well whether there is something to do. */
function isReady() {
  if (!existsSync(bundle) || node24() === null) return false;
  const sources = inRoot('src-main');
  if (!existsSync(sources)) return true;
  const made = statSync(bundle).mtimeMs;
  return (
    newest(sources) < made && ['package-lock.json', join('scripts', 'bundles.ts')].every((name) => statSync(inRoot(name)).mtimeMs < made)
  );
}

await runAsScript(async () => {
  if (process.argv[2] === '--version') {
    const { name, version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
    process.stdout.write(`${name} ${version}\n`);
    return 0;
  }
  if (!isReady()) await (await import('./setup/index.mjs')).setUp({ commandLine: true });
  const args = process.argv.slice(2);
  if (Number(process.versions.node.split('.')[0]) < 24) return inPlace(node24(), [bundle, ...args]);
  process.argv[1] = bundle;
  await import(bundle);
  return Number(process.exitCode ?? 0);
});
