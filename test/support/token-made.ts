import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tokens made by their vendors' own tools, as an officer brings them to a station. */

/** A SoftHSM token in the folder of this configuration file; answers its serial number. */
export function makeSoftHsmToken(conf: string, label: string, pin: string): string {
  const env = { ...process.env, SOFTHSM2_CONF: conf };
  const run = (...args: string[]): string => execFileSync('softhsm2-util', args, { env, encoding: 'utf8', stdio: 'pipe' });
  const before = serialsOf(run('--show-slots'));
  run('--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '12345678');
  const made = serialsOf(run('--show-slots')).find((serial) => !before.includes(serial));
  if (made === undefined) throw new Error('softhsm2-util made no token');
  return made;
}

const serialsOf = (slots: string): string[] => [...slots.matchAll(/Serial number: +([0-9a-f]+)/gu)].map((match) => match[1] ?? '');

/** A SoftHSM token whose user PIN was never set. */
export function makeTokenWithoutPin(conf: string, modulePath: string, label: string): void {
  const env = { ...process.env, SOFTHSM2_CONF: conf };
  execFileSync('pkcs11-tool', ['--module', modulePath, '--init-token', '--slot-index', '0', '--label', label, '--so-pin', '12345678'], {
    env,
    stdio: 'pipe',
  });
}

export function softoknPath(): string {
  const path = ['/usr/lib/x86_64-linux-gnu/libsoftokn3.so', '/usr/lib64/libsoftokn3.so', '/usr/lib/aarch64-linux-gnu/libsoftokn3.so'].find(
    (candidate) => existsSync(candidate),
  );
  if (path === undefined) throw new Error('NSS is not installed (Debian: apt-get install libnss3)');
  return path;
}

/** An NSS database made by certutil; its token is called “NSS Certificate DB”. */
export function makeNssDatabase(pin: string): { readonly dir: string; readonly initString: string } {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-nss-'));
  writeFileSync(join(dir, 'pin'), pin);
  execFileSync('certutil', ['-N', '-d', `sql:${dir}`, '-f', join(dir, 'pin')], { stdio: 'pipe' });
  return { dir, initString: `configdir='sql:${dir}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=` };
}
