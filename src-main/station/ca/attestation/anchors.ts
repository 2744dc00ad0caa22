import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readCertificateDer, sha256Hex, spkiOf } from '../../../der/index.ts';
import type { ChainLink } from './path.ts';

/** Whom a profile trusts: a CA, or one public key. */
export interface TrustAnchor {
  readonly key: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  readonly certificate: ChainLink | null;
}

/** One of PEM's blocks; what stands around them is anybody's. */
const blocks = /-----BEGIN (?<label>CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \k<label>-----/gu;

/** Certificates and public keys of a PEM text. An Error with what is wrong, in words, when there is none or one is damaged. */
export function readTrustAnchors(pem: string): TrustAnchor[] {
  if (/PRIVATE KEY-----/u.test(pem)) throw new Error('there is a private key in it: it belongs nowhere near a profile');
  const found = [...pem.matchAll(blocks)];
  if (found.length === 0) throw new Error('there is neither a certificate nor a public key in it');
  return found.map((match, index) => {
    try {
      return match.groups?.['label'] === 'CERTIFICATE' ? ofCertificate(match[0]) : ofKey(createPublicKey(match[0]));
    } catch (thrown) {
      throw new Error(`block ${String(index + 1)} is damaged`, { cause: thrown });
    }
  });
}

function ofCertificate(pem: string): TrustAnchor {
  const x509 = new X509Certificate(pem);
  const key = x509.publicKey;
  return { ...ofKey(key), certificate: { x509, read: readCertificateDer(x509.raw), key } };
}

const ofKey = (key: KeyObject): TrustAnchor => ({ key, spkiSha256: sha256Hex(spkiOf(key)), certificate: null });
