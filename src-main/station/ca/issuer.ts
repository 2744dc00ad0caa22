import type { KeyObject } from 'node:crypto';
import { Failure, type KeyAlgorithm } from '../../contract/index.ts';
import {
  basicConstraintsOf,
  DerError,
  importSpki,
  keyIdentifier,
  readCertificateDer,
  readPublicKeyInfo,
  signatureAlgorithm,
  subjectKeyIdOf,
} from '../../der/index.ts';

/** What of an issuer goes into the certificates and CRLs that it signs. Times in ms since the epoch. */
export interface Issuer {
  readonly certificate: Uint8Array;
  /** Its subject name as it stands in its certificate: the issuer name of what it signs, byte for byte. */
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
  readonly algorithm: KeyAlgorithm;
  readonly signatureAlgorithm: Uint8Array;
  readonly publicKey: KeyObject;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads a CA certificate. INVALID_INPUT when it is damaged, not a CA's, or has a kind of key that cannot sign here. */
export function readIssuer(certificate: Uint8Array): Issuer {
  try {
    const { fields } = readCertificateDer(certificate);
    if (basicConstraintsOf(fields.extensions)?.ca !== true) throw new DerError('it is not the certificate of a CA');
    const info = readPublicKeyInfo(fields.spki);
    if (info.algorithm === null) throw new DerError(`its key (${info.described}) is not supported`);
    return {
      certificate,
      subject: fields.subject,
      spki: fields.spki,
      // As its own certificate has it: who signed that may have made it in another way (RFC 5280 4.2.1.2), and verifiers compare the two.
      keyId: subjectKeyIdOf(fields.extensions) ?? keyIdentifier(info.bits),
      algorithm: info.algorithm,
      signatureAlgorithm: signatureAlgorithm(info.algorithm),
      publicKey: importSpki(fields.spki),
      notBefore: fields.notBefore,
      notAfter: fields.notAfter,
    };
  } catch (error) {
    if (error instanceof DerError) throw new Failure('INVALID_INPUT', { field: 'issuer certificate', problem: error.message });
    throw error;
  }
}
