import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fileKeyFor, fingerprintOf, newFileKey, Opener, sealedPieceBytes, Sealer } from '../../../src-main/station/backup/seal.ts';

const customer = generateKeyPairSync('x25519');
const context = Buffer.from('the header');

function seal(key: Buffer, plain: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  const sealer = new Sealer(key, context, (piece) => pieces.push(piece));
  for (let at = 0; at < plain.length; at += 300_000) sealer.push(plain.subarray(at, at + 300_000));
  sealer.finish();
  return pieces;
}

function open(key: Buffer, sealed: Uint8Array, bound = context): Buffer {
  const pieces: Buffer[] = [];
  const opener = new Opener(key, bound, (piece) => pieces.push(piece));
  for (let at = 0; at < sealed.length; at += 700_001) opener.push(Buffer.from(sealed.subarray(at, at + 700_001)));
  opener.finish();
  return Buffer.concat(pieces);
}

test.each([0, 1, sealedPieceBytes - 1, sealedPieceBytes, sealedPieceBytes + 1, 3 * sealedPieceBytes])(
  '%i bytes that were sealed for a public key are opened by its private key',
  (bytes) => {
    const plain = randomBytes(bytes);
    const { key, header } = newFileKey(customer.publicKey);
    const sealed = Buffer.concat(seal(key, plain));
    expect(header.recipient).toBe(fingerprintOf(createPublicKey(customer.privateKey)));
    expect(open(fileKeyFor(customer.privateKey, header), sealed).equals(plain)).toBe(true);
  },
);

test('another key, another header, a piece left out, moved, changed or cut off: nothing opens', () => {
  const { key, header } = newFileKey(customer.publicKey);
  const pieces = seal(key, randomBytes(2.5 * sealedPieceBytes));
  const whole = Buffer.concat(pieces);
  const [first = whole, second = whole, third = whole] = pieces;
  expect(open(key, whole)).toHaveLength(2.5 * sealedPieceBytes);
  const changed = Buffer.from(whole);
  changed[sealedPieceBytes + 100] = (changed[sealedPieceBytes + 100] ?? 0) ^ 1;
  const wrong: readonly (readonly [Buffer, Uint8Array, Uint8Array])[] = [
    [fileKeyFor(generateKeyPairSync('x25519').privateKey, header), whole, context],
    [key, whole, Buffer.from('another header')],
    [key, changed, context],
    [key, Buffer.concat([second, first, third]), context],
    [key, Buffer.concat([first, third]), context],
    [key, Buffer.concat([first, second]), context],
    [key, whole.subarray(0, -1), context],
    [key, Buffer.concat([whole, first]), context],
    [key, Buffer.alloc(0), context],
  ];
  for (const [withKey, bytes, bound] of wrong) expect(() => open(withKey, bytes, Buffer.from(bound))).toThrow();
});

test('two backups never have one key', () => {
  const keys = Array.from({ length: 8 }, () => newFileKey(customer.publicKey).key.toString('hex'));
  expect(new Set(keys).size).toBe(8);
});
