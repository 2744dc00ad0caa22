import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../src-main/contract/index.ts';
import { attestationFromFile, certificateToPem, checkAttestation, checkCsr } from '../../src-main/station/ca/index.ts';
import { CborError, readCbor } from '../../src-main/station/ca/attestation/cbor.ts';
import { anchorPem, checkedAt, chip, coseSign1, ecPair, nordicCose, x5chain } from '../support/attestation.ts';
import { makeCsr } from '../support/csr.ts';

/** Rounds in CI; more by hand: `FUZZ_ROUNDS=1000000 npx vitest run test/fuzz/attestation.test.ts`. */
const numRuns = Number(process.env['FUZZ_ROUNDS'] ?? 1500);

const modem = ecPair();
const made = chip();
const csr = makeCsr(made.device);
const profile = { name: 'x', attestation: { required: true, trustAnchors: [anchorPem(modem.publicKey), made.root.pem] } };
const request = { csr, spki: checkCsr(csr, { keyAlgorithms: ['ec-p256'] }).spki };
const certificates = [made.device.der, made.signer.der];
const seeds = [
  nordicCose({ csr, key: modem.privateKey }),
  coseSign1({
    header: Buffer.from('a10126', 'hex'),
    unprotected: x5chain(certificates),
    payload: null,
    detached: csr,
    key: made.device.privateKey,
  }),
  Buffer.concat(certificates),
];

/** Payload and signature of the modem's statement. */
const signedPart = (seeds[0] ?? csr).subarray(12);

/** Accepted, or refused by name: anything else is a bug that a device could reach. */
function outcome(bytes: Uint8Array): string {
  const results = (['nordic-cose', 'certificates'] as const).map((format) => {
    try {
      return checkAttestation(profile, { format, bytes }, request, checkedAt) === null ? 'nothing' : 'accepted';
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  });
  return results.includes('accepted') ? 'accepted' : (results[0] ?? '');
}

const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) });
const damaged = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 })).map(([seed, edits]) =>
  edits.reduce((bytes, { at, remove, insert }) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
  }, seed),
);

test('the statements themselves are believed', () => {
  expect(seeds.map(outcome)).toEqual(['accepted', 'accepted', 'accepted']);
});

test('noise ends in a named refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => outcome(bytes) === 'ATTESTATION_REFUSED'),
    { numRuns },
  );
});

test('a damaged statement ends in a named refusal; what is still believed has what was signed in it, unharmed', () => {
  fc.assert(
    fc.property(damaged, (bytes) => {
      const result = outcome(bytes);
      // Behind the CA that the profile names nothing is asked, and a tag or an unsigned header may go: what was signed may not.
      return result === 'ATTESTATION_REFUSED' || bytes.includes(made.device.der) || bytes.includes(signedPart);
    }),
    { numRuns },
  );
});

test('the strictest reader ends in a value or in a CborError', () => {
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        readCbor(bytes);
      } catch (error) {
        return error instanceof CborError;
      }
      return true;
    }),
    { numRuns },
  );
});

test('any file is an attestation or INVALID_INPUT', () => {
  const text = Buffer.from(certificates.map(certificateToPem).join(''));
  const answer = Buffer.from(`%KEYGEN: "${csr.toString('base64url')}.${(seeds[0] ?? csr).toString('base64url')}"`);
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(text, answer)),
      fc.array(edit, { maxLength: 4 }),
      (bytes, edits) => {
        const file = edits.reduce<Uint8Array>((all, { at, remove, insert }) => {
          const start = Math.floor(at * all.length);
          return Buffer.concat([all.subarray(0, start), insert, all.subarray(start + remove)]);
        }, bytes);
        try {
          outcome(attestationFromFile(file).bytes);
        } catch (error) {
          return error instanceof Failure && error.code === 'INVALID_INPUT';
        }
        return true;
      },
    ),
    { numRuns },
  );
});
