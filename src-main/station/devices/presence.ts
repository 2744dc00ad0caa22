import { lstat, realpath, stat } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { portAt } from './position.ts';

/**
 * A mark of what is at a position (position.ts) right now; null when nothing is. Two marks differ when the port was taken away and came back, also between two
 * looks: a link under /dev/serial/by-path is made anew, and so is the device node. Paths that are no files (COM3) are looked up in the list of ports.
 */
export async function presence(position: string): Promise<string | null> {
  const path = await portAt(position);
  if (path === null) return null;
  if (!path.startsWith('/')) return listed(path);
  try {
    const [link, target, node] = await Promise.all([lstat(path, { bigint: true }), realpath(path), stat(path, { bigint: true })]);
    const made = link.isSymbolicLink() ? `${String(link.ino)}.${String(link.ctimeNs)}` : '';
    return `${target}:${String(node.ino)}.${String(node.rdev)}:${made}`;
  } catch {
    return null;
  }
}

async function listed(path: string): Promise<string | null> {
  // Without udev there is no list on Linux; nobody can say then that something is plugged in.
  const ports = await SerialPort.list().catch(() => []);
  const port = ports.find((found) => found.path === path);
  return port === undefined ? null : `${path}:${port.pnpId ?? ''}:${port.locationId ?? ''}`;
}
