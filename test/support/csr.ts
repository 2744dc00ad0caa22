import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { der, name, oids, spkiOf } from '../../src-main/der/index.ts';

export const ecdsaSha256 = der.sequence(der.oid(oids.ecdsaWithSha256));

export interface CsrParts {
  readonly privateKey: KeyObject;
  readonly spki?: Uint8Array;
  readonly commonName?: string;
  /** A Name, instead of the common name. */
  readonly subject?: Uint8Array;
  readonly version?: number;
  readonly algorithm?: Uint8Array;
  readonly hash?: string;
  /** What stands after the key; an empty [0] when absent. */
  readonly attributes?: Uint8Array;
  readonly publicKey: KeyObject;
}

/** A PKCS#10 request by hand, so that a test can make it wrong in one place. */
export function makeCsr(parts: CsrParts): Buffer {
  const spki = parts.spki ?? spkiOf(parts.publicKey);
  const subject = parts.subject ?? name({ commonName: parts.commonName ?? 'unit' });
  const info = der.sequence(der.integer(parts.version ?? 0), subject, spki, parts.attributes ?? der.explicit(0));
  return der.sequence(info, parts.algorithm ?? ecdsaSha256, der.bitString(sign(parts.hash ?? 'sha256', info, parts.privateKey)));
}

export const newEcCsr = (): Buffer => makeCsr(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
