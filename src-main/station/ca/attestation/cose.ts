import { verify, type KeyObject } from 'node:crypto';
import { CborError, cborArray, cborBytes, cborText, readCbor, type CborKey, type CborValue } from './cbor.ts';
import { refuse } from './refusal.ts';

/** A COSE_Sign1 (RFC 9052 4.2), read but not verified. */
export interface CoseSign1 {
  /** As it stands: part of what is signed. */
  readonly protectedBytes: Uint8Array;
  readonly algorithm: number;
  readonly headers: ReadonlyMap<CborKey, CborValue>;
  /** Null: the content travels apart. */
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** Header labels (RFC 9052 3.1, RFC 9360). */
export const labels = { algorithm: 1, critical: 2, keyId: 4, x5chain: 33 } as const;
const sign1Tag = 18;
/** COSE algorithm → hash and the curve's size in bytes (RFC 9053 2.1). */
const algorithms: Readonly<Record<number, { readonly hash: string; readonly curve: string; readonly bytes: number }>> = {
  [-7]: { hash: 'sha256', curve: 'prime256v1', bytes: 32 },
  [-35]: { hash: 'sha384', curve: 'secp384r1', bytes: 48 },
};

/** ATTESTATION_REFUSED (form, algorithm). */
export function readCoseSign1(bytes: Uint8Array): CoseSign1 {
  try {
    const outer = readCbor(bytes);
    const list = isTag(outer) && outer.tag === sign1Tag ? outer.value : outer;
    if (!Array.isArray(list) || list.length !== 4) throw new CborError('it is no COSE_Sign1');
    const [protectedBytes, unprotected, payload, signature] = list as CborValue[];
    if (!(protectedBytes instanceof Uint8Array) || !(unprotected instanceof Map) || !(signature instanceof Uint8Array))
      throw new CborError('it is no COSE_Sign1');
    if (payload !== null && !(payload instanceof Uint8Array)) throw new CborError('its payload is no byte string');
    const signed = protectedBytes.length === 0 ? new Map<CborKey, CborValue>() : readCbor(protectedBytes);
    if (!(signed instanceof Map)) throw new CborError('its protected header is no map');
    const headers = new Map<CborKey, CborValue>([...(signed as Map<CborKey, CborValue>)]);
    for (const [label, value] of unprotected as Map<CborKey, CborValue>) {
      if (headers.has(label)) throw new CborError(`header ${String(label)} is protected and unprotected`);
      headers.set(label, value);
    }
    if (headers.has(labels.critical)) throw new CborError('it has critical headers, which nobody here understands');
    const algorithm = (signed as Map<CborKey, CborValue>).get(labels.algorithm);
    if (typeof algorithm !== 'number' || algorithms[algorithm] === undefined)
      throw refuse('algorithm', 'it must be signed by ES256 or ES384, named in the protected header');
    return { protectedBytes, algorithm, headers, payload: payload ?? null, signature };
  } catch (thrown) {
    throw thrown instanceof CborError ? refuse('form', thrown.message) : thrown;
  }
}

export const isTag = (value: CborValue): value is { tag: number; value: CborValue } =>
  typeof value === 'object' && value !== null && 'tag' in value && 'value' in value;

/** Is it signed by this key, over this payload and this external data (RFC 9052 4.4)? False, too, for a key of another kind. */
export function isSignedBy(cose: CoseSign1, key: KeyObject, payload: Uint8Array, externalData: Uint8Array): boolean {
  const algorithm = algorithms[cose.algorithm];
  if (algorithm === undefined || key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) return false;
  if (cose.signature.length !== 2 * algorithm.bytes) return false;
  const signed = cborArray(cborText('Signature1'), cborBytes(cose.protectedBytes), cborBytes(externalData), cborBytes(payload));
  return verify(algorithm.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, cose.signature);
}
