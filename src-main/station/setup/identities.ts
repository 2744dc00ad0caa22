import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../der/index.ts';
import { keepSecret } from '../../log/index.ts';
import { newSshKey, type StationIdentities, type TlsIdentity } from '../broker/index.ts';

export type IdentityName = 'good-canary' | 'revoked-canary' | 'observer' | 'broker' | 'records' | 'http';

export interface NewKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly spkiSha256: string;
  /** PKCS#8, PEM. */
  readonly keyPem: string;
}

/** A P-256 key for a TLS client of the station or for a broker; never a device's. */
export function makeKey(): NewKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    spki,
    spkiSha256: sha256Hex(spki),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const folder = (dataDir: string): string => join(dataDir, 'secrets');

const staged = (dataDir: string): string => join(folder(dataDir), 'ceremony');

/**
 * Keeps an identity beside those in use, until `installIdentities`. The station's own keys must outlive it: files with mode 0600 in a
 * folder with mode 0700.
 */
export function stageIdentity(dataDir: string, name: IdentityName, identity: TlsIdentity): void {
  mkdirSync(staged(dataDir), { recursive: true, mode: 0o700 });
  writeFileSync(join(staged(dataDir), `${name}.key.pem`), identity.keyPem, { mode: 0o600, flush: true });
  writeFileSync(join(staged(dataDir), `${name}.crt.pem`), identity.certificatePem, { mode: 0o600, flush: true });
}

/** Puts what was staged to use; again after an interruption, until nothing is staged. */
export function installIdentities(dataDir: string): void {
  if (!existsSync(staged(dataDir))) return;
  for (const name of readdirSync(staged(dataDir))) renameSync(join(staged(dataDir), name), join(folder(dataDir), name));
  rmdirSync(staged(dataDir));
}

const parts = ['key', 'crt'] as const;
const pathOf = (dataDir: string, name: IdentityName, part: 'key' | 'crt', suffix = ''): string =>
  join(folder(dataDir), `${name}${suffix}.${part}.pem`);

/** Puts a new pair in the place of the old one: both are on the disk before the first is renamed, and `finishReplacement` ends what a crash cut off. */
export function replaceIdentity(dataDir: string, name: IdentityName, { keyPem, certificatePem }: TlsIdentity): void {
  writeFileSync(pathOf(dataDir, name, 'crt', '.next'), certificatePem, { mode: 0o600, flush: true });
  writeFileSync(pathOf(dataDir, name, 'key', '.next'), keyPem, { mode: 0o600, flush: true });
  for (const part of parts) renameSync(pathOf(dataDir, name, part, '.next'), pathOf(dataDir, name, part));
}

/** A key that was put in place takes its certificate with it; a pair of which the key was not is as if it had never been made. */
export function finishReplacement(dataDir: string, name: IdentityName): void {
  const [key, certificate] = parts.map((part) => pathOf(dataDir, name, part, '.next'));
  if (key === undefined || certificate === undefined) return;
  if (existsSync(certificate) && !existsSync(key) && isForKey(certificate, pathOf(dataDir, name, 'key')))
    renameSync(certificate, pathOf(dataDir, name, 'crt'));
  for (const path of [key, certificate]) rmSync(path, { force: true });
}

function isForKey(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(readFileSync(certificate)).checkPrivateKey(createPrivateKey(readFileSync(key)));
  } catch {
    // Half written: the key was never put in place either.
    return false;
  }
}

/** `records` and `http` are made when an officer asks for what needs them. */
export const hasIdentity = (dataDir: string, name: IdentityName): boolean => existsSync(pathOf(dataDir, name, 'crt'));

export function loadIdentity(dataDir: string, name: IdentityName): TlsIdentity & { readonly keyPem: string } {
  const read = (suffix: string): string => readFileSync(join(folder(dataDir), `${name}.${suffix}.pem`), 'utf8');
  const keyPem = read('key');
  keepSecret(`${name}.key`, keyPem);
  return { keyPem, certificatePem: read('crt') };
}

export function loadIdentities(dataDir: string): StationIdentities {
  return {
    goodCanary: loadIdentity(dataDir, 'good-canary'),
    revokedCanary: loadIdentity(dataDir, 'revoked-canary'),
    observer: loadIdentity(dataDir, 'observer'),
  };
}

export interface SshKeyPair {
  readonly privateKey: string;
  /** The line for authorized_keys. */
  readonly publicKey: string;
}

/** The keys with which this station reaches a remote broker host; made when they are first asked for. */
export function stationSshKeys(dataDir: string): Readonly<Record<'files' | 'command', SshKeyPair>> {
  const pair = (name: 'files' | 'command'): SshKeyPair => {
    const path = join(folder(dataDir), `ssh-${name}`);
    if (!existsSync(`${path}.pub`)) {
      const made = newSshKey(`birthmark-${name}`);
      mkdirSync(folder(dataDir), { recursive: true, mode: 0o700 });
      writeFileSync(path, made.privateKey, { mode: 0o600 });
      writeFileSync(`${path}.pub`, `${made.publicKey}\n`, { mode: 0o600 });
    }
    const privateKey = readFileSync(path, 'utf8');
    keepSecret(`ssh-${name}`, privateKey);
    return { privateKey, publicKey: readFileSync(`${path}.pub`, 'utf8').trim() };
  };
  return { files: pair('files'), command: pair('command') };
}

const rabbitmqPasswordPath = (dataDir: string): string => join(folder(dataDir), 'rabbitmq-password');

/** The password of a RabbitMQ cluster's management user, beside the station's own keys; whole or not at all. */
export function keepRabbitmqPassword(dataDir: string, password: string): void {
  const path = rabbitmqPasswordPath(dataDir);
  mkdirSync(folder(dataDir), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.next`, password, { mode: 0o600, flush: true });
  renameSync(`${path}.next`, path);
}

export function rabbitmqPassword(dataDir: string): string {
  const password = readFileSync(rabbitmqPasswordPath(dataDir), 'utf8');
  keepSecret('rabbitmq-password', password);
  return password;
}
