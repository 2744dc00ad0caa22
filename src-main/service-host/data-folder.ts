import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../contract/index.ts';

/**
 * Makes the data folder, with its parents, for this user alone. DATA_DENIED where that cannot be. Step by step, because Node's own
 * recursive mkdir never returns where a parent exists but takes no folders, as in /proc (seen with Node 24).
 */
export function makeDataFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeDataFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    // The other service may have made it at the same moment.
    if ((thrown as { code?: string }).code === 'EEXIST' && statSync(path).isDirectory()) return;
    throw new Failure('DATA_DENIED', { path }, thrown);
  }
}
