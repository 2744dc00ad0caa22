import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

/** A fresh folder for a software token of this station alone; an unfinished one of an earlier try is removed. */
export function makeSoftwareTokenFolder(dataDir: string): ModuleConfig {
  const folder = join(dataDir, 'token');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'tokens'), { recursive: true, mode: 0o700 });
  const config = join(folder, 'softhsm2.conf');
  writeFileSync(config, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`, {
    mode: 0o600,
  });
  return { path: softHsmModule(), env: { SOFTHSM2_CONF: config } };
}

function softHsmModule(): string {
  const found = softHsmPaths.find((path) => existsSync(path));
  if (found === undefined) throw new Failure('MODULE_NOT_FOUND', { path: softHsmPaths[0] ?? '' });
  return found;
}
