import { Failure } from '../../contract/index.ts';
import { dersOf, X509FileError } from '../x509-files/index.ts';

/** The DER of a certificate request in a file: DER as it is, or PEM with whatever tools write around it. INVALID_INPUT when there is not exactly one. */
export function requestFromFile(bytes: Uint8Array): Buffer {
  const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'csr', problem });
  try {
    const [first, second] = dersOf(bytes, 'CERTIFICATE REQUEST');
    if (first === undefined) throw refused('this is neither DER nor PEM of a certificate request');
    if (second !== undefined) throw refused('there is more than one certificate request in it');
    return first;
  } catch (error) {
    throw error instanceof X509FileError ? refused(error.message) : error;
  }
}
