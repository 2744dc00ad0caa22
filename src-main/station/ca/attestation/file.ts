import { Failure } from '../../../contract/index.ts';
import { certificatesIn, X509FileError } from '../../x509-files/index.ts';
import type { AttestationStatement } from './index.ts';

/** What `AT%KEYGEN` answers, with or without what the terminal wrote around it. */
const keygen = /(?<csr>[A-Za-z0-9_-]{100,})\.(?<cose>[A-Za-z0-9_-]{80,})/u;

export interface AttestationFile extends AttestationStatement {
  /** The request that an answer of `AT%KEYGEN` has in front of the statement. */
  readonly csr: Buffer | null;
}

/**
 * An attestation in a file: the answer of `AT%KEYGEN`, a COSE_Sign1, or certificates in PEM or DER. INVALID_INPUT when it is none of these.
 */
export function attestationFromFile(bytes: Uint8Array): AttestationFile {
  if (bytes[0] === 0xd2 || bytes[0] === 0x84) return { format: 'nordic-cose', bytes: Buffer.from(bytes), csr: null };
  if (bytes[0] === 0x30) return { format: 'certificates', bytes: Buffer.from(bytes), csr: null };
  const text = Buffer.from(bytes).toString('latin1');
  const chain = chainIn(bytes);
  if (chain.length > 0) return { format: 'certificates', bytes: Buffer.concat(chain), csr: null };
  const answer = keygen.exec(text)?.groups;
  if (answer !== undefined)
    return {
      format: 'nordic-cose',
      bytes: Buffer.from(answer['cose'] ?? '', 'base64url'),
      csr: Buffer.from(answer['csr'] ?? '', 'base64url'),
    };
  throw new Failure('INVALID_INPUT', {
    field: 'attestation',
    problem: 'this is neither an answer of AT%KEYGEN, a COSE_Sign1, nor a chain of certificates',
  });
}

function chainIn(bytes: Uint8Array): Buffer[] {
  try {
    return certificatesIn(bytes);
  } catch (error) {
    throw error instanceof X509FileError ? new Failure('INVALID_INPUT', { field: 'attestation', problem: error.message }) : error;
  }
}
