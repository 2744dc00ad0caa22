import { createPrivateKey, generateKeyPair, sign } from 'node:crypto';
import type { KeyAlgorithm } from '../../contract/index.ts';
import { holdSecret } from '../../log/index.ts';
import { der, hashFor, name, signatureAlgorithm } from '../../der/index.ts';

/** A device's key that the station made. It is in this one buffer until it is wiped. */
export interface NewKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** PrivateKeyInfo (RFC 5958), DER; zeroes after `wipe`. */
  readonly pkcs8: Buffer;
  /** Overwrites the key with zeros. */
  readonly wipe: () => void;
}

export interface StationKey extends NewKey {
  /** A PKCS#10 request signed with it: it goes the way of every other request. */
  readonly csr: Uint8Array;
}

const curves: Partial<Record<KeyAlgorithm, string>> = { 'ec-p256': 'prime256v1', 'ec-p384': 'secp384r1' };

/**
 * Makes a key for a device that cannot make its own. It comes as DER in a buffer at once: a KeyObject or a PEM string would leave copies
 * in places that nobody can zero. OpenSSL clears its own when it frees them, which is before this resolves.
 */
export function newStationKey(algorithm: KeyAlgorithm): Promise<NewKey> {
  const encoding = { publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } } as const;
  const namedCurve = curves[algorithm];
  return new Promise((resolve, reject) => {
    const made = (error: Error | null, spki: Buffer, pkcs8: Buffer): void => {
      if (error !== null) {
        reject(error);
        return;
      }
      const release = holdSecret(pkcs8);
      const wipe = (): void => {
        pkcs8.fill(0);
        release();
      };
      resolve({ spki, pkcs8, wipe });
    };
    if (namedCurve === undefined) generateKeyPair('rsa', { ...encoding, modulusLength: Number(algorithm.slice('rsa-'.length)) }, made);
    else generateKeyPair('ec', { ...encoding, namedCurve }, made);
  });
}

/** The same with a request for `commonName`; its signature needs a KeyObject, which OpenSSL clears when it is collected. */
export async function makeStationKey(algorithm: KeyAlgorithm, commonName: string): Promise<StationKey> {
  const key = await newStationKey(algorithm);
  const signer = createPrivateKey({ key: key.pkcs8, format: 'der', type: 'pkcs8' });
  const info = der.sequence(der.integer(0), name({ commonName }), key.spki, der.explicit(0));
  const signature = der.bitString(sign(hashFor(algorithm), info, signer));
  return { ...key, csr: der.sequence(info, signatureAlgorithm(algorithm), signature) };
}
