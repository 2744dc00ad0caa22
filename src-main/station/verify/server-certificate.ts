import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { algorithmName, algorithmOid, readCertificateDer } from '../../der/index.ts';
import { describeName, namesOf } from '../x509-files/index.ts';

/** NIST SP 800-131A. */
const fewestBits = 2048;
/** Hashes that collisions were made for, as in the name of the signature algorithm. */
const brokenHash = /md5|sha-1\b/iu;

/** The first certificate with a short key or a signature over a broken hash; a root's own signature protects nothing. Null: none. */
export function weaknessIn(chain: readonly X509Certificate[]): string | null {
  for (const certificate of chain) {
    const weakness = weaknessOf(certificate);
    if (weakness !== null) return weakness;
  }
  return null;
}

function weaknessOf(certificate: X509Certificate): string | null {
  const subject = describeName(namesOf(certificate.raw).subject);
  const bits = rsaBitsOf(certificate);
  if (bits !== null && bits < fewestBits)
    return `The RSA key of ${subject} has ${String(bits)} bits, and ${String(fewestBits)} are the least`;
  const algorithm = algorithmName(algorithmOid(readCertificateDer(certificate.raw).algorithm));
  const isRoot = certificate.subject === certificate.issuer;
  return !isRoot && brokenHash.test(algorithm) ? `The certificate of ${subject} is signed with ${algorithm}` : null;
}

/** Null for keys of other kinds, and for those that Node cannot use. */
function rsaBitsOf(certificate: X509Certificate): number | null {
  try {
    return certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? null;
  } catch {
    return null;
  }
}

/** The name stands in the common name only: OpenSSL and Node take that where no DNS name is listed, others (RFC 9525) refuse it. */
export const isNamedByCommonNameOnly = (leaf: X509Certificate, name: string): boolean =>
  isIP(name) === 0 && !(leaf.subjectAltName ?? '').includes('DNS:');
