import { ECDH, generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import { assertKey, der, importSpki, name, oids, readPublicKeyInfo, spkiOf, time } from '../../../src-main/der/index.ts';

/** What another library reads and writes again; the same bytes mean that ours were DER and nothing was left over. */
const rewritten = (bytes: Uint8Array): Buffer => {
  const tree = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'), true);
  return Buffer.from(forge.asn1.toDer(tree).getBytes(), 'binary');
};

describe('what we write, as node-forge reads it', () => {
  it('integers and serial numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (magnitude) => {
        const bytes = der.unsignedInteger(magnitude);
        expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('names in any script', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        (commonName, organization) => {
          const bytes = name({ commonName, organization });
          expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('times on both sides of 2050, to the second', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        const bytes = time(date.getTime());
        const tree = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'));
        const generalized = tree.type === forge.asn1.Type.GENERALIZEDTIME;
        expect(generalized).toBe(date.getUTCFullYear() >= 2050);
        const text = typeof tree.value === 'string' ? tree.value : '';
        const read = generalized ? forge.asn1.generalizedTimeToDate(text) : forge.asn1.utcTimeToDate(text);
        expect(read.getTime()).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });

  it('structures of any depth and size', () => {
    const leaf = fc.uint8Array({ maxLength: 300 }).map((bytes) => der.octetString(bytes));
    const { tree } = fc.letrec<{ tree: Uint8Array }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }).map((parts) => der.sequence(...parts)),
      ),
    }));
    fc.assert(
      fc.property(tree, (bytes) => {
        expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

describe('whether bytes are a key, as OpenSSL says it', () => {
  const verdict = (use: () => unknown): string => {
    try {
      use();
      return 'a key';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  };
  const both = (spki: Uint8Array): string[] => [verdict(() => assertKey(spki, readPublicKeyInfo(spki))), verdict(() => importSpki(spki))];
  const onCurve = (curve: string, point: Uint8Array): Buffer =>
    der.sequence(der.sequence(der.oid(oids.ecPublicKey), der.oid(curve)), der.bitString(point));
  const curves = [
    { curve: oids.prime256v1, namedCurve: 'P-256', p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n, size: 32 },
    { curve: oids.secp384r1, namedCurve: 'P-384', p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n, size: 48 },
  ];

  it.each(curves)(
    'points on $namedCurve, each with a bit of it changed, and its coordinates with p added',
    ({ curve, namedCurve, p, size }) => {
      for (let round = 0; round < 20; round++) {
        const spki = spkiOf(generateKeyPairSync('ec', { namedCurve }).publicKey);
        expect(both(spki)).toEqual(['a key', 'a key']);
        const point = Buffer.from(readPublicKeyInfo(spki).bits);
        const bit = 8 + Math.floor(Math.random() * 16 * size);
        point.writeUInt8(point.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(both(onCurve(curve, point))).toEqual(['DerError', 'DerError']);
      }
      const coordinate = (value: bigint): string => value.toString(16).padStart(2 * size, '0');
      // y² = x³ − 3x + b has a solution for some small x: the same point with x + p is another encoding of it, and refused.
      const small = Array.from({ length: 50 }, (_, x) => BigInt(x)).flatMap((x) => smallPoint(namedCurve, x, coordinate(x), size));
      expect(small.length).toBeGreaterThan(0);
      for (const { x, point } of small) {
        expect(both(onCurve(curve, point))).toEqual(['a key', 'a key']);
        const other = Buffer.concat([Buffer.from([4]), Buffer.from(coordinate(x + p), 'hex'), point.subarray(1 + size)]);
        expect(both(onCurve(curve, other))).toEqual(['DerError', 'DerError']);
      }
      expect(both(onCurve(curve, Buffer.concat([Buffer.from([4]), Buffer.alloc(2 * size)])))).toEqual(['DerError', 'DerError']);
    },
  );

  it('RSA keys', () => {
    const spki = spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    expect(both(spki)).toEqual(['a key', 'a key']);
  });
});

/** The point with this x, by OpenSSL from its compressed form; none where there is none. */
function smallPoint(namedCurve: string, x: bigint, hex: string, size: number): { x: bigint; point: Buffer }[] {
  try {
    const names: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' };
    const point = ECDH.convertKey(`02${hex}`, names[namedCurve] ?? '', 'hex', undefined, 'uncompressed') as Buffer;
    return point.length === 1 + 2 * size ? [{ x, point }] : [];
  } catch {
    return [];
  }
}
