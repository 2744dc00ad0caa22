import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { Failure, type ClientIdentity } from '../../contract/index.ts';
import type { Login, TlsIdentity } from './endpoint.ts';
import { badFile, Opener } from './encrypted.ts';
import { certificatesOf } from './pem.ts';
import { readPkcs12 } from './pkcs12.ts';

export interface Credentials {
  readonly identity: TlsIdentity | null;
  readonly login?: Login;
}

/** Files of a client, checked before anything goes out. INVALID_INPUT names the file; KEY_MISMATCH. */
export function readCredentials(given: Exclude<ClientIdentity, { kind: 'station' | 'device' }>): Credentials {
  switch (given.kind) {
    case 'none':
      return { identity: null };
    case 'password':
      return { identity: null, login: { username: given.username, password: given.password } };
    case 'pem':
      return { identity: pair(readCertificates(given.certificatePem), readKey(given.keyPem, given.passphrase)) };
    case 'p12': {
      const { certificates, key } = readPkcs12(Buffer.from(given.file, 'base64'), given.passphrase);
      return { identity: pair(certificates, key) };
    }
  }
}

/** KEY_MISMATCH when they do not belong together. */
export function pair(certificates: readonly X509Certificate[], key: KeyObject): TlsIdentity {
  if (certificates[0]?.checkPrivateKey(key) !== true) throw new Failure('KEY_MISMATCH');
  return {
    certificatePem: certificates.map((certificate) => certificate.toString()).join(''),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function readCertificates(pem: string): X509Certificate[] {
  try {
    const certificates = certificatesOf(pem);
    if (certificates.length > 0) return certificates;
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: 'cert', problem: 'a certificate in it is damaged' }, error);
  }
  throw new Failure('INVALID_INPUT', { field: 'cert', problem: 'there is no certificate in it' });
}

/** PKCS#8, PKCS#1 or SEC 1, with a passphrase or without. INVALID_INPUT says what is wrong. */
export function readKey(pem: string, passphrase: string | null): KeyObject {
  const bad = badFile('key');
  if (pem.includes('ENCRYPTED') && passphrase === null) throw bad('it is encrypted: a passphrase is needed');
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]*)-----END ENCRYPTED PRIVATE KEY-----/u.exec(pem)?.[1];
  try {
    if (encrypted === undefined) return createPrivateKey({ key: pem, format: 'pem', passphrase: passphrase ?? '' });
    const info = new Opener(passphrase ?? '', bad).privateKeyInfo(Buffer.from(encrypted, 'base64'));
    return createPrivateKey({ key: Buffer.from(info), format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (error instanceof Failure) throw error;
    // RFC 1423, as OpenSSL wrote it long ago: one round only.
    if (pem.includes('Proc-Type: 4,ENCRYPTED'))
      throw new Failure('INVALID_INPUT', { field: 'key', problem: 'the passphrase is wrong' }, error);
    throw new Failure('INVALID_INPUT', { field: 'key', problem: 'there is no private key in it' }, error);
  }
}
