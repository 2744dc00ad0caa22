import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, type ModuleConfig } from '../../contract/index.ts';

/** Where SoftHSM2 is installed on Debian, Fedora, Arch, and macOS with Homebrew. */
const softHsmPaths = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

const folderOf = (dataDir: string): string => join(dataDir, 'token');
const configOf = (dataDir: string): string => join(folderOf(dataDir), 'softhsm2.conf');

/** How to load a software token of this station alone. MODULE_NOT_FOUND. */
export function softwareTokenModule(dataDir: string): ModuleConfig {
  return { path: softHsmModule(), env: { SOFTHSM2_CONF: configOf(dataDir) } };
}

/** After the data folder was moved: the token says where it is in its own configuration. Nothing where this station has none. */
export function followSoftwareToken(dataDir: string): void {
  if (existsSync(configOf(dataDir))) makeSoftwareTokenFolder(dataDir);
}

/** Its folder, where there is none yet; what an interrupted set-up had made in it stays. */
export function makeSoftwareTokenFolder(dataDir: string): void {
  const tokens = join(folderOf(dataDir), 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  writeFileSync(configOf(dataDir), `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`, { mode: 0o600 });
}

function softHsmModule(): string {
  const found = softHsmPaths.find((path) => existsSync(path));
  if (found === undefined) throw new Failure('MODULE_NOT_FOUND', { path: softHsmPaths[0] ?? '' });
  return found;
}
