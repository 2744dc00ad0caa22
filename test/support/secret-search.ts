import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file below a folder, by its path in it. */
export const filesOf = (folder: string): Map<string, Buffer> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path)]),
  );

/** A secret as it stands, and as logs and databases like to write things. */
const writings = (secret: Buffer): Buffer[] => [
  secret,
  Buffer.from(secret.toString('hex')),
  Buffer.from(secret.toString('hex').toUpperCase()),
  Buffer.from(secret.toString('base64').replace(/=+$/u, '').slice(0, -1)),
  Buffer.from(JSON.stringify([...secret]).slice(1, -1)),
];

/** The places that a secret is in, by value. */
export const whereIs = (secret: Buffer, places: ReadonlyMap<string, Buffer>): string[] =>
  [...places].filter(([, bytes]) => writings(secret).some((value) => bytes.includes(value))).map(([name]) => name);
