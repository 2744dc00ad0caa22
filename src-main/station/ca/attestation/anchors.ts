import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readCertificateDer, sha256Hex, spkiOf, type Certificate } from '../../../der/index.ts';
import { pemBlocks } from '../../x509-files/index.ts';

/** A certificate of a chain, and what is in it. */
export interface ChainLink {
  readonly x509: X509Certificate;
  readonly read: Certificate;
  readonly key: KeyObject;
}

/** Whom a profile trusts: a CA, or one public key. */
export interface TrustAnchor {
  readonly key: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  readonly certificate: ChainLink | null;
}

/** Certificates and public keys of a PEM text. An Error with what is wrong, in words, when there is none or one is damaged. */
export function readTrustAnchors(pem: string): TrustAnchor[] {
  const blocks = pemBlocks(pem);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    throw new Error('there is a private key in it: it belongs nowhere near a profile');
  const found = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'PUBLIC KEY');
  if (found.length === 0) throw new Error('there is neither a certificate nor a public key in it');
  return found.map(({ label, text }, index) => {
    try {
      return label === 'CERTIFICATE' ? ofCertificate(text) : ofKey(createPublicKey(text));
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
