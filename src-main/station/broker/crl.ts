import type { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { readCrl, readIssuer, type Crl, type Issuer } from '../ca/index.ts';
import { certificatesOf } from '../verify/index.ts';

/** A CA of device certificates. `issuer` is null for a kind of CA that cannot sign CRLs here: it may only issue other CAs. */
export interface ClientCa {
  readonly certificate: X509Certificate;
  readonly issuer: Issuer | null;
}

export const rejected = (problem: string, detail?: unknown): Failure => new Failure('CRL_REJECTED', { problem }, detail);

/** Every CRL of a PEM text. CRL_REJECTED for text without any, or with one that is cut off or damaged: half a file is no file. */
export function readCrls(pem: string): Crl[] {
  const begins = pem.match(/-----BEGIN X509 CRL-----/gu)?.length ?? 0;
  const blocks = [...pem.matchAll(/-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/gu)];
  if (begins === 0) throw rejected('there is no revocation list in it');
  if (blocks.length !== begins) throw rejected('a revocation list is cut off');
  return blocks.map((block) => readCrl(Buffer.from(block[1] ?? '', 'base64')));
}

/** CRL_REJECTED when there is none, one is damaged, or one is not a CA. */
export function readClientCas(pem: string): ClientCa[] {
  try {
    const certificates = certificatesOf(pem);
    if (certificates.length > 0 && certificates.every((certificate) => certificate.ca)) {
      return certificates.map((certificate) => ({ certificate, issuer: issuerOf(certificate) }));
    }
  } catch (error) {
    throw rejected('a CA certificate is damaged', error);
  }
  throw rejected('the list of CAs is empty or holds something else');
}

function issuerOf(certificate: X509Certificate): Issuer | null {
  try {
    return readIssuer(certificate.raw);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

export const isBy = (crl: Crl, ca: ClientCa): boolean => ca.issuer !== null && crl.signedBy(ca.issuer);
