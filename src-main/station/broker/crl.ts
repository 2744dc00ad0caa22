import type { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { readCrl, readIssuer, type Crl, type Issuer } from '../ca/index.ts';
import { certificatesOf } from '../verify/index.ts';
import { dersOf, X509FileError } from '../x509-files/index.ts';

/** A CA of device certificates. `issuer` is null for a kind of CA that cannot sign CRLs here: it may only issue other CAs. */
export interface ClientCa {
  readonly certificate: X509Certificate;
  readonly issuer: Issuer | null;
}

export const rejected = (problem: string, detail?: unknown): Failure => new Failure('CRL_REJECTED', { problem }, detail);

/** Every CRL of a file. CRL_REJECTED for text without any, or with one that is cut off or damaged: half a file is no file. */
export function readCrls(file: string | Uint8Array): Crl[] {
  return listsIn(file).map(readCrl);
}

/** The DER of every revocation list of a file, PEM or DER. CRL_REJECTED when there is none, or one is cut off or damaged. */
export function listsIn(file: string | Uint8Array): Buffer[] {
  try {
    const lists = dersOf(file, 'X509 CRL');
    if (lists.length === 0) throw rejected('there is no revocation list in it');
    return lists;
  } catch (error) {
    throw error instanceof X509FileError ? rejected(error.message) : error;
  }
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
