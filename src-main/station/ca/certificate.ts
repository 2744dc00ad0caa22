import { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { commonNameOf, DerError, pemBytes, readCertificateDer, sha256Hex } from '../../der/index.ts';
import { instant } from '../clock.ts';
import { certificatesIn, describeName } from '../x509-files/index.ts';

/** What the registry keeps of a certificate. */
export interface CertificateFacts {
  /** Upper-case hex. */
  readonly serial: string;
  readonly commonName: string;
  /** For people, and DER as it stands. */
  readonly subject: string;
  readonly issuer: string;
  readonly issuerName: Uint8Array;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
}

/** Reads a certificate. INVALID_INPUT when it is damaged or has no single common name. */
export function readCertificate(der: Uint8Array): CertificateFacts {
  try {
    const { fields } = readCertificateDer(der);
    const commonName = commonNameOf(fields.subject);
    if (commonName === null) throw new DerError('it does not have one common name');
    return {
      serial: Buffer.from(fields.serial).toString('hex').toUpperCase(),
      commonName,
      subject: describeName(fields.subject),
      issuer: describeName(fields.issuer),
      issuerName: fields.issuer,
      notBefore: instant(fields.notBefore),
      notAfter: instant(fields.notAfter),
      spki: fields.spki,
      spkiSha256: sha256Hex(fields.spki),
      fingerprint: sha256Hex(der),
    };
  } catch (error) {
    if (error instanceof DerError) throw new Failure('INVALID_INPUT', { field: 'certificate', problem: error.message });
    throw error;
  }
}

export const certificateToPem = (der: Uint8Array): string => toPem('CERTIFICATE', der);

export const toPem = (label: string, der: Uint8Array): string => pemBytes(label, der).toString('latin1');

/** The first certificate of a file as DER. INVALID_INPUT when there is none. */
export function certificateFromFile(bytes: Uint8Array): Buffer {
  try {
    const [first] = certificatesIn(bytes);
    return new X509Certificate(first ?? bytes).raw;
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: 'certificate', problem: 'this is not a certificate' }, error);
  }
}
