import { createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import type { KeyAlgorithm } from '../../contract/index.ts';
import { der, hashFor, name, signatureAlgorithm, spkiOf } from '../../der/index.ts';

/** A device's key that the station made. It is in this one buffer until it is wiped. */
export interface StationKey {
  /** PrivateKeyInfo (RFC 5958), DER. */
  readonly pkcs8: Buffer;
  /** A PKCS#10 request signed with it: it goes the way of every other request. */
  readonly csr: Uint8Array;
  /** Overwrites the key with zeros. */
  wipe(): void;
}

/** Makes a key for a device that cannot, with a request for `commonName`. */
export async function makeStationKey(algorithm: KeyAlgorithm, commonName: string): Promise<StationKey> {
  const pkcs8 = await newPrivateKey(algorithm);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const info = der.sequence(der.integer(0), name({ commonName }), spkiOf(createPublicKey(key)), der.explicit(0));
  const signature = der.bitString(sign(hashFor(algorithm), info, key));
  return {
    pkcs8,
    csr: der.sequence(info, signatureAlgorithm(algorithm), signature),
    wipe: () => void pkcs8.fill(0),
  };
}

function newPrivateKey(algorithm: KeyAlgorithm): Promise<Buffer> {
  const encoding = {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  } as const;
  return new Promise((resolve, reject) => {
    const made = (error: Error | null, _: Buffer, privateKey: Buffer): void => {
      if (error === null) resolve(privateKey);
      else reject(error);
    };
    const [kind, size] = algorithm.split('-');
    if (kind === 'ec') generateKeyPair('ec', { namedCurve: algorithm === 'ec-p256' ? 'P-256' : 'P-384', ...encoding }, made);
    else generateKeyPair('rsa', { modulusLength: Number(size), ...encoding }, made);
  });
}
