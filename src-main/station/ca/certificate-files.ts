import { Failure } from '../../contract/index.ts';
import { certificatesIn, isDer, pemBlocks, X509FileError } from '../x509-files/index.ts';

/** More than any chain has: a whole trust store is not one. */
const maxCertificates = 64;

/** Every certificate of some files, DER, each once. INVALID_INPUT when there is none, too many, one is damaged or a private key is among them. */
export function certificatesFromFiles(files: readonly Uint8Array[]): Buffer[] {
  const found = files.flatMap(certificatesOf);
  if (found.length === 0) throw refused('there is no certificate in it');
  if (found.length > maxCertificates) throw refused(`there are ${String(found.length)} certificates in it; a chain has a few`);
  return found.filter((one, index) => found.findIndex((other) => other.equals(one)) === index);
}

const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'certificate', problem });

function certificatesOf(file: Uint8Array): Buffer[] {
  try {
    if (!isDer(file) && pemBlocks(file).some(({ label }) => label.endsWith('PRIVATE KEY')))
      throw refused('it has a private key in it, which belongs nowhere but where it was made; take it out');
    return certificatesIn(file);
  } catch (error) {
    throw error instanceof X509FileError ? refused(error.message) : error;
  }
}
