import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyAlgorithm } from '../contract/index.ts';
import { algorithmName } from './algorithm-names.ts';
import { oids } from './oids.ts';
import { DerError, DerReader, onlyElement } from './reader.ts';
import { tags } from './tags.ts';
import { readBitBytes, readOid, readUnsigned } from './values.ts';
import { nothing, oid, sequence } from './writer.ts';

/** What a SubjectPublicKeyInfo holds; `algorithm` is null for a key of another kind, which `described` names. */
export interface PublicKeyInfo {
  readonly algorithm: KeyAlgorithm | null;
  readonly described: string;
  /** Content of subjectPublicKey: what the key identifier is made of. */
  readonly bits: Uint8Array;
}

interface Curve {
  readonly algorithm: KeyAlgorithm;
  /** Bytes of a coordinate. */
  readonly size: number;
  /** y² = x³ − 3x + b modulo p (FIPS 186-4 D.1.2). */
  readonly p: bigint;
  readonly b: bigint;
}

const curves: Readonly<Record<string, Curve>> = {
  [oids.prime256v1]: {
    algorithm: 'ec-p256',
    size: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  [oids.secp384r1]: {
    algorithm: 'ec-p384',
    size: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
};
const rsaSizes: Readonly<Record<number, KeyAlgorithm>> = { 2048: 'rsa-2048', 3072: 'rsa-3072', 4096: 'rsa-4096' };

/** Reads a SubjectPublicKeyInfo. Throws a DerError when it is damaged; an unknown kind of key is no error. */
export function readPublicKeyInfo(spki: Uint8Array): PublicKeyInfo {
  const reader = new DerReader(onlyElement(spki, tags.sequence).content);
  const algorithm = reader.enter(tags.sequence);
  const bits = readBitBytes(reader.element(tags.bitString));
  reader.finish();
  const kind = readOid(algorithm.element(tags.oid));
  if (kind === oids.ecPublicKey) return readEc(algorithm, bits);
  if (kind === oids.rsaEncryption) return readRsa(algorithm, bits);
  return { algorithm: null, described: algorithmName(kind), bits };
}

function readEc(parameters: DerReader, bits: Uint8Array): PublicKeyInfo {
  if (parameters.peek() !== tags.oid) return { algorithm: null, described: 'EC with explicit parameters', bits };
  const name = readOid(parameters.element(tags.oid));
  parameters.finish();
  const curve = curves[name];
  if (curve === undefined) return { algorithm: null, described: `EC on ${algorithmName(name)}`, bits };
  if (bits[0] !== 0x04 || bits.length !== 1 + 2 * curve.size)
    return { algorithm: null, described: `${curve.algorithm} with its point in another form than uncompressed`, bits };
  return { algorithm: curve.algorithm, described: curve.algorithm, bits };
}

function readRsa(parameters: DerReader, bits: Uint8Array): PublicKeyInfo {
  if (parameters.element(tags.null).content.length > 0) throw new DerError('a NULL with content');
  parameters.finish();
  const key = new DerReader(onlyElement(bits, tags.sequence).content);
  const modulus = readUnsigned(key.element(tags.integer));
  const exponent = readUnsigned(key.element(tags.integer));
  key.finish();
  const size = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  // Only the usual exponent: small ones are weak with bad padding, huge ones make verification slow on purpose.
  if (Buffer.compare(exponent, usualExponent) !== 0) return { algorithm: null, described: `RSA ${size} with an unusual exponent`, bits };
  return { algorithm: rsaSizes[size] ?? null, described: rsaSizes[size] ?? `rsa-${size}`, bits };
}
const usualExponent = Buffer.from([1, 0, 1]);

/** The key of a SubjectPublicKeyInfo. A DerError when it is none: a point that is not on its curve, an even modulus. */
export function importSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw notAKey();
  }
}

const notAKey = (): DerError => new DerError('a key that is none: its point is not on the curve, or its numbers cannot be those of a key');

/** The same verdict without a key to use: of an EC key one equation, which takes a fraction of the time. The curves have no other points than good ones. */
export function assertKey(spki: Uint8Array, { algorithm, bits }: PublicKeyInfo): void {
  const curve = Object.values(curves).find((one) => one.algorithm === algorithm);
  if (curve === undefined) importSpki(spki);
  else if (!isOnCurve(bits, curve)) throw notAKey();
}

/** `bits`: an uncompressed point. Both curves have the cofactor 1, and infinity has no such form. */
function isOnCurve(bits: Uint8Array, { size, p, b }: Curve): boolean {
  const hex = Buffer.from(bits).toString('hex', 1);
  const [x, y] = [BigInt(`0x${hex.slice(0, 2 * size)}`), BigInt(`0x${hex.slice(2 * size)}`)];
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n;
}

export type HashName = 'sha256' | 'sha384';

/** The hash this product signs with for each kind of issuer key. */
export const hashFor = (algorithm: KeyAlgorithm): HashName => (algorithm === 'ec-p384' ? 'sha384' : 'sha256');

const ecdsaWithSha256 = sequence(oid(oids.ecdsaWithSha256));
const ecdsaWithSha384 = sequence(oid(oids.ecdsaWithSha384));
const sha256WithRsa = sequence(oid(oids.sha256WithRsa), nothing);

/** The AlgorithmIdentifier of a signature by this kind of issuer key. */
export function signatureAlgorithm(algorithm: KeyAlgorithm): Buffer {
  if (algorithm === 'ec-p256') return ecdsaWithSha256;
  return algorithm === 'ec-p384' ? ecdsaWithSha384 : sha256WithRsa;
}

/** RFC 5280 4.2.1.2 method 1: SHA-1 of the subjectPublicKey bits. */
export const keyIdentifier = (bits: Uint8Array): Buffer => createHash('sha1').update(bits).digest();

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
