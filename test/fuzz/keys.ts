import { createECDH, createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  der,
  distributionPointsOf,
  keyIdentifier,
  keyUsageBits,
  name,
  oids,
  readPublicKeyInfo,
  sha256Hex,
  signatureAlgorithm,
  spkiOf,
  time,
} from '../../src-main/der/index.ts';

/** What the targets share: a moment, a CA, and devices' keys. */
export const now = Date.UTC(2026, 10, 25, 12, 0, 0);
export const day = 86_400_000;

export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Over SHA-256, the same each time for the same bytes: with a new signature in the seeds a campaign could not be run again. */
  readonly sign: (bytes: Uint8Array) => Buffer;
}

const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const octets = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % order, exponent]; rest > 0n; square = (square * square) % order, rest >>= 1n)
    if ((rest & 1n) === 1n) result = (result * square) % order;
  return result;
}

function publicPoint(secret: Buffer): Buffer {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(secret);
  return curve.getPublicKey();
}

/** A P-256 key made of a name. Worth nothing: everybody knows the name. */
function ecPair(label: string): Pair {
  const secret = sha256(Buffer.from(label));
  const point = publicPoint(secret);
  const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)];
  const privateKey = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d: secret.toString('base64url'), x, y }, format: 'jwk' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    sign: (bytes) => {
      const nonce = sha256(secret, bytes);
      const r = number(publicPoint(nonce).subarray(1, 33)) % order;
      const s = (power(number(nonce), order - 2n) * (number(sha256(bytes)) + r * number(secret))) % order;
      return der.sequence(der.unsignedInteger(octets(r)), der.unsignedInteger(octets(s)));
    },
  };
}

function rsaPair(): Pair {
  const key = JSON.parse(readFileSync(new URL('rsa-key.json', import.meta.url), 'utf8')) as Record<string, string>;
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  return { privateKey, publicKey: createPublicKey(privateKey), sign: (bytes) => sign('sha256', bytes, privateKey) };
}

export const ca = ecPair('ca');
export const device = ecPair('device');
export const rsaDevice = rsaPair();

export const keyIdOf = (spki: Uint8Array): Buffer => keyIdentifier(readPublicKeyInfo(spki).bits);
export const spkiOfPair = ({ publicKey }: Pair): Buffer => spkiOf(publicKey);
export const caSpki = spkiOfPair(ca);
export const caName = name({ organization: 'Acme', commonName: 'Acme issuer 1' });
export const authority = { subject: caName, notBefore: now - 100 * day, notAfter: now + 2000 * day, pathLength: 0 };
export const caKey = {
  algorithm: 'ec-p256',
  spki: caSpki,
  keyId: keyIdOf(caSpki),
  authority,
  points: ['http://crl.example/crl/i/0.crl', 'http://crl.example/crl/i/1.crl'],
} as const;
export const caRef = { ckaId: '01', spkiSha256: sha256Hex(caSpki) };
export const algorithmOfCa = signatureAlgorithm('ec-p256');

export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));

/** A device's tbsCertificate that the rules allow. */
export function leafTbs(spki: Uint8Array, commonName = 'acme/T2-000131', notAfter = now + 365 * day): Buffer {
  const list = [
    extension(oids.basicConstraints, true, der.sequence()),
    extension(oids.keyUsage, true, der.namedBits([keyUsageBits.digitalSignature])),
    extension(oids.extendedKeyUsage, false, der.sequence(der.oid(oids.clientAuth))),
    extension(oids.subjectKeyIdentifier, false, der.octetString(keyIdOf(spki))),
    extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, caKey.keyId))),
    extension(oids.crlDistributionPoints, false, distributionPointsOf(caKey.points[0])),
  ];
  return tbs(spki, name({ organization: 'Acme', commonName }), notAfter, list);
}

/** An issuing CA's tbsCertificate, to splice parts from. */
export function caTbs(spki: Uint8Array): Buffer {
  const list = [
    extension(oids.basicConstraints, true, der.sequence(der.boolean(true), der.integer(0))),
    extension(oids.keyUsage, true, der.namedBits([keyUsageBits.keyCertSign, keyUsageBits.cRLSign])),
    extension(oids.subjectKeyIdentifier, false, der.octetString(keyIdOf(spki))),
    extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, caKey.keyId))),
  ];
  return tbs(spki, caName, authority.notAfter, list);
}

function tbs(spki: Uint8Array, subject: Uint8Array, notAfter: number, list: readonly Buffer[]): Buffer {
  const serial = der.unsignedInteger(Buffer.from('4fa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3', 'hex'));
  const validity = der.sequence(time(now - 600_000), time(notAfter));
  const extensions = der.explicit(3, der.sequence(...list));
  return der.sequence(der.explicit(0, der.integer(2)), serial, algorithmOfCa, caName, validity, subject, spki, extensions);
}

/** Wraps what was to be signed, with a signature that is only well-formed. */
export const signed = (tbsBytes: Uint8Array): Buffer => der.sequence(tbsBytes, algorithmOfCa, der.bitString(wellFormed));
const wellFormed = der.sequence(der.integer(7), der.integer(9));
