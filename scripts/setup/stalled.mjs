import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { say } from './say.mjs';

const checkMs = 2000;
const patienceMs = 20_000;

/** @param {readonly string[]} folders absent ones count as empty */
export function folderBytes(folders) {
  const bytes = (folder) =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0);
  return folders.reduce((sum, folder) => sum + (statSync(folder, { throwIfNoEntry: false }) ? bytes(folder) : 0), 0);
}

/**
 * Runs a program for as long as it makes progress. That it failed is said, and left to the caller to find out.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Record<string, string>} env
 * @param {() => number} progress any figure that grows while something happens
 */
export async function untilStalled(program, args, env, progress) {
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let lastWords = '';
  child.stderr.on('data', (chunk) => (lastWords = `${lastWords}${chunk}`.slice(-400)));
  let seen = progress();
  let since = Date.now();
  const watch = setInterval(() => {
    const now = progress();
    if (now !== seen) [seen, since] = [now, Date.now()];
    else if (Date.now() - since > patienceMs) child.kill('SIGKILL');
  }, checkMs);
  const code = await new Promise((done) => {
    child.once('error', () => done(-1));
    child.once('close', done);
  });
  clearInterval(watch);
  if (code !== 0) say(`that did not work: ${lastWords.trim().split('\n')[0] || 'no progress'}`);
}
