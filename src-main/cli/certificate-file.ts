import { Failure } from '../contract/index.ts';
import { certificateToPem } from '../station/ca/index.ts';
import { certificatesIn, X509FileError } from '../station/x509-files/index.ts';
import { readBytes } from './files.ts';

/** The certificates of a file that a person named (PEM, DER or PKCS#7), as PEM. INVALID_INPUT names the option; FILE_NOT_FOUND and the like. */
export function certificatesAsPem(path: string, option: string): string {
  const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: option, problem });
  try {
    const found = certificatesIn(readBytes(path));
    if (found.length === 0) throw refused('there is no certificate in it');
    return found.map(certificateToPem).join('');
  } catch (error) {
    throw error instanceof X509FileError ? refused(error.message) : error;
  }
}
