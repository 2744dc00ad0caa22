import { createHash, verify, type KeyObject } from 'node:crypto';
import type { KeyAlgorithm } from '../contract/index.ts';
import { der, hashFor, oids, type HashName } from '../der/index.ts';
import { ck, type Handle } from './cryptoki.ts';
import type { Pkcs11Module } from './pkcs11-module.ts';

const isEc = (algorithm: KeyAlgorithm): boolean => algorithm.startsWith('ec');

export const digestOf = (algorithm: KeyAlgorithm, bytes: Uint8Array): Buffer => createHash(hashFor(algorithm)).update(bytes).digest();

/** DigestInfo (RFC 8017 9.2) in front of a digest: the one RSA mechanism that every module has takes it ready-made. */
const digestInfo = (digest: Buffer): Buffer =>
  der.sequence(der.sequence(der.oid('2.16.840.1.101.3.4.2.1'), der.nothing), der.octetString(digest));

/** r‖s as PKCS#11 gives it → Ecdsa-Sig-Value as X.509 wants it. */
export function ecdsaToDer(raw: Uint8Array): Buffer {
  const half = raw.length / 2;
  return der.sequence(der.unsignedInteger(raw.subarray(0, half)), der.unsignedInteger(raw.subarray(half)));
}

/** One signature over a digest, as it stands in a signatureValue. The session must have no other operation going on. */
export async function signDigest(
  module: Pkcs11Module,
  session: Handle,
  key: Handle,
  algorithm: KeyAlgorithm,
  digest: Buffer,
): Promise<Buffer> {
  const input = isEc(algorithm) ? digest : digestInfo(digest);
  module.call('C_SignInit', session, { mechanism: isEc(algorithm) ? ck.CKM_ECDSA : ck.CKM_RSA_PKCS }, key);
  // Larger than any signature: after BUFFER_TOO_SMALL the operation would stay active.
  const raw = await module.sign(session, input, Buffer.alloc(1024));
  return isEc(algorithm) ? ecdsaToDer(raw) : Buffer.from(raw);
}

/** The same on another thread: the next signature is made meanwhile. */
export function verifiesSoon(algorithm: KeyAlgorithm, publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(hashFor(algorithm), bytes, publicKey, signature, (error, good) => {
      if (error === null) resolve(good);
      else reject(error);
    });
  });
}

export function verifies(algorithm: KeyAlgorithm, publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  const hash: HashName = hashFor(algorithm);
  return verify(hash, bytes, publicKey, signature);
}

export const curveOids: Readonly<Partial<Record<KeyAlgorithm, { readonly oid: string; readonly pointBytes: number }>>> = {
  'ec-p256': { oid: oids.prime256v1, pointBytes: 65 },
  'ec-p384': { oid: oids.secp384r1, pointBytes: 97 },
};
