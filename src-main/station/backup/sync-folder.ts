import { closeSync, fsyncSync, openSync } from 'node:fs';

/** New names in this folder survive a power failure. Windows opens no folders, and needs none of this. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } catch (thrown) {
    // A mounted share that does not know this keeps names in its own way.
    if ((thrown as { code?: string }).code !== 'EINVAL') throw thrown;
  } finally {
    closeSync(handle);
  }
}
