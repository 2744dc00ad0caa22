import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

interface Check {
  readonly checked: number;
  readonly problems: string[];
}

/** Where private keys may be: the station's own TLS keys, the broker's, the software token (encrypted by its PIN), and copies of the first. */
const allowed = ['secrets', 'broker', 'token', 'fixture', 'backups', 'evidence'];

/** Invariant 4: looks through every file of the data folder for private keys, by mark and by the values of the station's own keys. */
export function secretProblems(dataDir: string): Check {
  const problems: string[] = [];
  const values = ownKeyValues(join(dataDir, 'secrets'));
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(dataDir, path);
    const top = name.split(sep)[0] ?? '';
    if (!allowed.includes(top)) {
      const bytes = readFileSync(path);
      if (bytes.includes('PRIVATE KEY-----') || values.some((value) => bytes.includes(value))) problems.push(`${name} holds a private key`);
    }
    const mode = statSync(path).mode & 0o077;
    const isSecret = name.endsWith('.key.pem') || /\.(?:tar|sealed)$/u.test(name);
    if (isSecret && mode !== 0) problems.push(`${name} can be read by others`);
  }
  return { checked: files.length, problems };
}

/** The secret numbers of the station's own keys, raw and in hex. */
function ownKeyValues(folder: string): Buffer[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.key.pem'))
    .flatMap((name) => {
      const { d } = createPrivateKey(readFileSync(join(folder, name))).export({ format: 'jwk' });
      const value = Buffer.from(d ?? '', 'base64url');
      return value.length === 0 ? [] : [value, Buffer.from(value.toString('hex'))];
    });
}
