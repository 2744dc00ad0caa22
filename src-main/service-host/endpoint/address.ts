import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure } from '../../contract/index.ts';

/** The longest path that a socket can be bound to: 104 bytes on macOS, 108 on Linux, with the zero at the end. */
const longestPath = 103;

/**
 * Where the station of a data folder listens: `station.sock` in it, or a named pipe on Windows. A folder whose path is too long
 * for a socket has it in a folder of this user's under the temporary folder.
 */
export function endpointOf(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  const folder = resolve(dataDir);
  if (platform === 'win32') return `\\\\.\\pipe\\birthmark-${digestOf(folder.toLowerCase())}`;
  const path = join(folder, 'station.sock');
  return Buffer.byteLength(path) <= longestPath ? path : join(shortFolder(), `${digestOf(folder)}.sock`);
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** DATA_DENIED where somebody else made that folder, or may look into it. */
function shortFolder(): string {
  const user = process.getuid?.() ?? 0;
  const path = join(tmpdir(), `birthmark-${String(user)}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(path);
  if (uid !== user || (mode & 0o077) !== 0 || !lstatSync(path).isDirectory()) throw new Failure('DATA_DENIED', { path });
  return path;
}
