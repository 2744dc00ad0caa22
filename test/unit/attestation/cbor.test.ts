import { encode } from 'cborg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cborArray, cborBytes, cborText, CborError, readCbor, type CborValue } from '../../../src-main/station/ca/attestation/cbor.ts';

const item = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ maxLength: 30 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const plain = (value: CborValue): unknown =>
  value instanceof Map
    ? Object.fromEntries([...(value as Map<string, CborValue>)].map(([key, one]) => [key, plain(one)]))
    : Array.isArray(value)
      ? (value as CborValue[]).map(plain)
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : value;
const same = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value)
    : Array.isArray(value)
      ? value.map(same)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, same(one)]))
        : value;

test('reads what another implementation writes', () => {
  fc.assert(
    fc.property(item, (value) => {
      expect(plain(readCbor(encode(value), { maxDepth: 20, maxElements: 10_000 }))).toEqual(same(value));
    }),
    { numRuns: 500 },
  );
});

test('its own strings and lists are the ones of another implementation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.string({ maxLength: 300 }), (bytes, text) => {
      expect(cborArray(cborBytes(bytes), cborText(text))).toEqual(Buffer.from(encode([bytes, text])));
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['', 'ends too soon'],
  ['0000', 'too many'],
  ['18', 'ends too soon'],
  ['1817', 'longer than it must be'],
  ['1900ff', 'longer than it must be'],
  ['1a0000ffff', 'longer than it must be'],
  ['1b00000000ffffffff', 'longer than it must be'],
  ['1bffffffffffffffff', 'too large'],
  ['1c', 'reserved'],
  ['5f4100ff', 'indefinite'],
  ['9fff', 'indefinite'],
  ['bfff', 'indefinite'],
  ['ff', 'float, or a simple'],
  ['5a7fffffff', 'longer than the data'],
  ['5820', 'longer than the data'],
  ['9a7fffffff', 'ends too soon'],
  ['a201000100', 'twice'],
  ['a2616100616100', 'twice'],
  ['a1410000', 'neither a number nor text'],
  ['62c328', 'not UTF-8'],
  ['f7', 'simple'],
  ['f93c00', 'float'],
  ['818181818181818181818100', 'deeper'],
  [`98c8${'00'.repeat(200)}`, 'elements'],
])('%s is refused', (hex, problem) => {
  expect(() => readCbor(Buffer.from(hex, 'hex'))).toThrow(CborError);
  expect(() => readCbor(Buffer.from(hex, 'hex'))).toThrow(problem);
});

test('a list that says it is huge costs nothing', () => {
  const started = process.memoryUsage().rss;
  for (let i = 0; i < 1000; i++) expect(() => readCbor(Buffer.from('9b000fffffffffffff', 'hex'))).toThrow(CborError);
  expect(process.memoryUsage().rss - started).toBeLessThan(200_000_000);
});
