import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
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
