import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/index.ts';
import { namedStorageFailure } from '../registry/index.ts';

const markFile = 'birthmark-backups.txt';
const markText = 'Birthmark stations keep sealed backups in this folder. While this file is missing, they write none here.\n';

/** INVALID_INPUT where there is no such folder; DATA_DENIED where nothing can be written into it. Several stations may share one. */
export function markSecondFolder(folder: string): void {
  if (!existsSync(folder)) throw new Failure('INVALID_INPUT', { field: 'folder', problem: 'there is no such folder' });
  if (existsSync(join(folder, markFile))) return;
  try {
    writeFileSync(join(folder, markFile), markText, { mode: 0o644, flush: true });
  } catch (thrown) {
    throw namedStorageFailure(thrown, folder);
  }
}

/** BACKUP_FOLDER_AWAY. A share that is not mounted leaves an empty folder in its place, on a disk of the station: copies there are none. */
export function mustBeSecondFolder(path: string): void {
  if (!existsSync(join(path, markFile))) throw new Failure('BACKUP_FOLDER_AWAY', { path, file: markFile });
}
