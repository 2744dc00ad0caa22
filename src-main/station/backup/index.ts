/** The door of backups: making, keeping, verifying and restoring them. */
export { Backups } from './backups.ts';
export { readBackup, readHead } from './read.ts';
export { FolderPlace } from './place.ts';
export { Restore, type RestoreOfficer } from './restore.ts';
export { fingerprintOf } from './seal.ts';
export { viewOf } from './shelf.ts';
export { writeBackup } from './write.ts';
