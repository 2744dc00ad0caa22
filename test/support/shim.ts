import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTokenFolder, softhsmPath, type TokenFolder } from './token.ts';

const root = new URL('../..', import.meta.url).pathname;

/** Builds the shim if it is not there, and answers its path. */
export function shimPath(): string {
  execFileSync('make', ['-s', '-C', join(root, 'test/support/pkcs11-shim')], { stdio: 'pipe' });
  return join(root, 'build/pkcs11-shim/libpkcs11-shim.so');
}

export interface ShimFolder extends TokenFolder {
  /** Sets the fault of `pkcs11-shim/shim.c`, or clears it. */
  readonly fault: (fault: string | null) => void;
}

/** A token folder behind the shim. `signMs`: what every signature takes at least; 73 is a USB HSM's P-256. */
export function makeShimFolder(signMs = 0): ShimFolder {
  const folder = makeTokenFolder(shimPath());
  const faultFile = join(folder.dir, 'fault');
  const env = {
    ...folder.module.env,
    PKCS11_SHIM_TARGET: softhsmPath(),
    PKCS11_SHIM_SIGN_MS: String(signMs),
    PKCS11_SHIM_FAULT: faultFile,
  };
  return {
    ...folder,
    module: { ...folder.module, env },
    fault: (fault) => {
      if (fault === null) rmSync(faultFile, { force: true });
      else writeFileSync(faultFile, `${fault}\n`);
    },
  };
}
