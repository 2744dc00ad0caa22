import { readFile } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Failure } from '../../contract/index.ts';
import { replaceFile } from './installation.ts';

/** Below the range that Linux hands out to outgoing connections: a port from there may be taken when we come back. */
const range = { from: 20_000, to: 32_000 } as const;

/** Is nobody listening there? */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

/**
 * The port of this broker: the one asked for, or, for 0, one that was free the first time. It is kept in `file`, because
 * units carry it in their settings.
 */
export async function settledPort(host: string, wanted: number, file: string): Promise<number> {
  if (wanted !== 0) return wanted;
  const kept = await keptPort(file);
  if (kept !== null) return kept;
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(range.from, range.to);
    if (!(await isFree(host, port))) continue;
    await replaceFile(file, `${port}\n`);
    return port;
  }
  throw new Failure('BROKER_PORT_BUSY', { host, port: `${range.from} to ${range.to}` });
}

async function keptPort(file: string): Promise<number | null> {
  try {
    const port = Number((await readFile(file, 'utf8')).trim());
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
  } catch {
    return null;
  }
}
