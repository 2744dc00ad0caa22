import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { machinePath, step } from './command.mjs';
import { SetupProblem } from './say.mjs';

/** npm's own program, which any Node can run: the one that started this script, else the one of the machine's PATH. */
function npmProgram() {
  const started = process.env.npm_execpath ?? '';
  if (started.endsWith('npm-cli.js') && existsSync(started)) return started;
  const found = machinePath()
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((path) => existsSync(path));
  if (found === undefined) throw new SetupProblem('npm is not on this machine. Install Node with npm and try again.');
  return realpathSync(found);
}

/**
 * Runs npm.
 * @param {readonly string[]} args
 * @param {{node?: string, env?: Record<string, string>, hint?: string}} [options] node: runs npm, and whatever npm starts
 */
export function npm(args, { node = process.execPath, env = {}, hint } = {}) {
  const path = `${dirname(node)}${delimiter}${machinePath()}`;
  // Asked for by npm start, npm says who it is in these; the npm that is started here is to find out for itself.
  return step(node, [npmProgram(), ...args], { env: { PATH: path, npm_node_execpath: node, ...env }, hint });
}
