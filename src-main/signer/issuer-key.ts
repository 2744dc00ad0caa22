import type { KeyObject } from 'node:crypto';
import type { KeyAlgorithm, KeyRef } from '../contract/index.ts';
import {
  basicConstraintsOf,
  DerError,
  importSpki,
  keyIdentifier,
  keyUsageBits,
  keyUsageOf,
  readCertificateDer,
  readPublicKeyInfo,
  sha256Hex,
  subjectKeyIdOf,
  type TbsCertificate,
} from '../der/index.ts';
import { refused } from './failures.ts';

/** A key to sign with: where it is on the token, and the public key that its signatures must verify with. */
export interface SigningKey {
  readonly ref: KeyRef;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: KeyObject;
}

/** The CA behind a key: what the certificates it signs must agree with. Times in ms since the epoch. */
export interface Authority {
  readonly subject: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly pathLength: number | null;
}

/** The key that is asked to sign. `authority` is null only in a ceremony, before the key has a certificate: then it may only sign its own. */
export interface CertificateSigner {
  readonly algorithm: KeyAlgorithm;
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
  readonly authority: Authority | null;
  /** URIs of the key's own revocation lists. */
  readonly points: readonly string[];
}

/** A key that signs certificates and revocation lists: with what its certificate lets it do. */
export interface IssuerKey extends SigningKey {
  readonly signer: CertificateSigner;
}

export interface CheckedAuthority {
  readonly key: IssuerKey;
  /** Names of the profiles that it may sign under; null: all of the session's, as a key that the ceremony made. */
  readonly profiles: ReadonlySet<string> | null;
}

export function issuerKey(ref: KeyRef, certificate: Uint8Array, points: readonly string[], now: number): IssuerKey {
  try {
    const { fields } = readCertificateDer(certificate);
    if (sha256Hex(fields.spki) !== ref.spkiSha256) throw refused('the issuer’s certificate is for another key');
    const authority = authorityOf(fields);
    if (authority === null) throw refused('the issuer’s certificate is not that of a CA');
    if (fields.notAfter <= now) throw refused('the issuer’s certificate has expired');
    return makeKey(ref, fields.spki, authority, points, subjectKeyIdOf(fields.extensions));
  } catch (error) {
    throw error instanceof DerError ? refused(`the issuer’s certificate is damaged: ${error.message}`) : error;
  }
}

/** `keyId`: as the CA's own certificate has it; who issued that may have made it in another way than we do (RFC 5280 4.2.1.2). */
export function makeKey(
  ref: KeyRef,
  spki: Uint8Array,
  authority: Authority | null,
  points: readonly string[],
  keyId: Uint8Array | null,
): IssuerKey {
  const { algorithm, described, bits } = readPublicKeyInfo(spki);
  if (algorithm === null) throw refused(`a key of type ${described} cannot sign here`);
  const signer = { algorithm, spki, keyId: keyId ?? keyIdentifier(bits), authority, points };
  return { ref, algorithm, publicKey: importSpki(spki), signer };
}

/** What a CA certificate lets its key do; null for any other certificate. */
export function authorityOf({ subject, notBefore, notAfter, extensions }: TbsCertificate): Authority | null {
  const constraints = basicConstraintsOf(extensions);
  if (constraints?.ca !== true || keyUsageOf(extensions)?.includes(keyUsageBits.keyCertSign) !== true) return null;
  return { subject, notBefore, notAfter, pathLength: constraints.pathLength };
}
