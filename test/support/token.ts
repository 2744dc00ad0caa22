import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleConfig } from '../../src-main/contract/index.ts';

const candidates = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

/** SoftHSM2's module on this machine; a missing one fails by name. */
export function softhsmPath(): string {
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error('SoftHSM2 is not installed (Debian: apt-get install softhsm2)');
  return path;
}

export interface TokenFolder {
  readonly dir: string;
  readonly module: ModuleConfig;
  /** Takes the token away, as pulling a USB HSM does, and puts it back. */
  readonly pull: () => void;
  readonly plug: () => void;
  readonly remove: () => void;
}

/** An empty folder for software tokens with its own configuration. */
export function makeTokenFolder(modulePath = softhsmPath()): TokenFolder {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-token-'));
  const [tokens, away, conf] = [join(dir, 'tokens'), join(dir, 'away'), join(dir, 'softhsm2.conf')];
  mkdirSync(tokens, { mode: 0o700 });
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`);
  return {
    dir,
    module: { path: modulePath, env: { SOFTHSM2_CONF: conf } },
    pull: () => {
      renameSync(tokens, away);
    },
    plug: () => {
      renameSync(away, tokens);
    },
    remove: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
