import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure, limits } from '../../src-main/contract/index.ts';
import { assertStrictDer, DerError } from '../../src-main/der/index.ts';
import { checkCsr } from '../../src-main/station/ca/index.ts';
import { makeCsr } from '../support/csr.ts';

/** Rounds in CI; more by hand: `FUZZ_ROUNDS=1000000 npx vitest run test/fuzz/csr.test.ts`. */
const numRuns = Number(process.env['FUZZ_ROUNDS'] ?? 2000);
const policy = { keyAlgorithms: ['ec-p256', 'rsa-2048'] as const };
const seeds = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('rsa', { modulusLength: 2048 })].map((pair) =>
  makeCsr(pair),
);

/** Accepted, or refused by name: anything else is a bug that a device could reach. */
function outcome(bytes: Uint8Array): string {
  try {
    checkCsr(bytes, policy);
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) });
const damaged = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 })).map(([seed, edits]) =>
  edits.reduce((bytes, { at, remove, insert }) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
  }, seed),
);

describe('any bytes as a certificate request', () => {
  it('noise ends in a named refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => /^CSR_/u.test(outcome(bytes))),
      { numRuns },
    );
  });

  it('a damaged request ends in a named refusal, unless the damage undid itself', () => {
    fc.assert(
      fc.property(damaged, (bytes) => {
        const result = outcome(bytes);
        return /^CSR_/u.test(result) || seeds.some((seed) => seed.equals(bytes));
      }),
      { numRuns },
    );
  });

  it('the worst that fits in the limit is refused within a bounded number of steps', () => {
    for (const filler of [[0x30, 0x80], [0x30, 0x00], [0x05, 0x00], [0x30, 0x82, 0xff, 0xff], [0xff]]) {
      const bytes = Buffer.alloc(limits.csrBytes, Buffer.from(filler));
      expect(outcome(bytes)).toBe('CSR_NOT_DER');
    }
  });

  it('the strict walk ends in elements or in a DerError', () => {
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          assertStrictDer(bytes, { maxDepth: 12, maxElements: 200 });
        } catch (error) {
          return error instanceof DerError;
        }
        return true;
      }),
      { numRuns },
    );
  });
});
