import { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { commonNameOf, DerError, describeName, readCertificateDer, sha256Hex } from '../../der/index.ts';
import { instant } from '../clock.ts';

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

/** RFC 7468: 64 characters a line. */
export function toPem(label: string, der: Uint8Array): string {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 48) lines.push(bytes.toString('base64', at, Math.min(at + 48, bytes.length)));
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The first certificate of a PEM or DER file as DER. INVALID_INPUT when there is none. */
export function certificateFromFile(bytes: Uint8Array): Buffer {
  try {
    return new X509Certificate(bytes).raw;
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: 'certificate', problem: 'this is not a certificate' }, error);
  }
}
