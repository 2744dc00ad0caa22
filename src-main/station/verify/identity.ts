import type { KeyObject, X509Certificate } from 'node:crypto';
import { Failure, type ClientIdentity } from '../../contract/index.ts';
import type { Login, TlsIdentity } from './endpoint.ts';
import { readKey, readPkcs12 } from '../x509-files/index.ts';
import { certificatesOf } from './pem.ts';

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
