import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '../contract/index.ts';

/**
 * Makes a folder with its parents, for this user alone unless `mode` says otherwise. DATA_DENIED where that cannot be. Step by step, because Node's own
 * recursive mkdir never returns where a parent exists but takes no folders, as in /proc (seen with Node 24).
 */
export function makeDataFolder(path: string, mode = 0o700): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeDataFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (thrown) {
    // The other service may have made it at the same moment.
    if ((thrown as { code?: string }).code === 'EEXIST' && statSync(path).isDirectory()) return;
    throw new Failure('DATA_DENIED', { path }, thrown);
  }
}

/** Where the app and the command line of this user both keep their station: $BIRTHMARK_DATA, else by the XDG specification. */
export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  const own = env['BIRTHMARK_DATA'] ?? '';
  if (own !== '') return resolve(own);
  // The XDG specification: a path that is not absolute is to be ignored.
  const base = env['XDG_DATA_HOME'] ?? '';
  return join(isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'birthmark');
}
