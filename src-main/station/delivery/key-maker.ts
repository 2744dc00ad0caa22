import { generateKeyPair } from 'node:crypto';
import type { KeyAlgorithm } from '../../contract/index.ts';

/** A private key that the station made for a device. It lives in this one buffer until `wipe`. */
export interface StationKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** PrivateKeyInfo (RFC 5208), DER; zeroes after `wipe`. */
  readonly pkcs8: Buffer;
  readonly wipe: () => void;
}

const curves: Partial<Record<KeyAlgorithm, string>> = { 'ec-p256': 'prime256v1', 'ec-p384': 'secp384r1' };

/**
 * Makes a key for a device that cannot make its own. It comes as DER in a buffer at once: a KeyObject or a PEM string would leave copies
 * in places that nobody can zero. OpenSSL clears its own when it frees them, which is before this resolves.
 */
export function makeStationKey(algorithm: KeyAlgorithm): Promise<StationKey> {
  const encoding = { publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } } as const;
  const namedCurve = curves[algorithm];
  return new Promise((resolve, reject) => {
    const made = (error: Error | null, spki: Buffer, pkcs8: Buffer): void => {
      if (error === null) resolve({ spki, pkcs8, wipe: () => void pkcs8.fill(0) });
      else reject(error);
    };
    if (namedCurve === undefined) generateKeyPair('rsa', { ...encoding, modulusLength: Number(algorithm.slice('rsa-'.length)) }, made);
    else generateKeyPair('ec', { ...encoding, namedCurve }, made);
  });
}
