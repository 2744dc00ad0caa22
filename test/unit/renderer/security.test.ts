import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProven, mainIssuer, nameOf } from '../../../src-renderer/features/security/issuer.ts';
import { triesAfter } from '../../../src-renderer/features/security/pin-tries.ts';
import { withRevocation } from '../../../src-renderer/features/security/revocations.ts';
import { selectorOf } from '../../../src-renderer/features/security/selector.ts';
import { termsOf } from '../../../src-renderer/features/security/session-terms.ts';
import { revocationVerdict } from '../../../src-renderer/features/security/revocation-verdict.ts';
import { Selector } from '../../../src-main/contract/calls.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';

const now = Date.now();
const good = (): Parameters<typeof revocationVerdict>[0] => ({ crl: given.crl(), broker: given.broker() });
const canary = (revokedRefused: boolean, goodAccepted: boolean) => ({
  ...given.broker(),
  canary: { at: given.at(0), revokedRefused, goodAccepted },
});

describe('the sentence that sums up Security', () => {
  it('says that everything revoked is refused only when all of it was proven', () => {
    expect(revocationVerdict(good(), 0, now, true)).toEqual({ tone: 'pass', sentence: 'Everything that was revoked is refused' });
  });

  it.each<[string, Partial<ReturnType<typeof good>>, number | null]>([
    ['a revoked canary was let in', { broker: canary(false, true) }, 0],
    ['the good canary was refused', { broker: canary(true, false) }, 0],
    ['no canary was tried', { broker: { ...given.broker(), canary: null } }, 0],
    ['the list has run out', { crl: { ...given.crl(), nextUpdate: given.at(-3_600_000) } }, 0],
    ['there is no list', { crl: null }, 0],
    ['there is no broker', { broker: null }, 0],
    ['the broker is away', { broker: { ...given.broker(), state: 'away' } }, 0],
    ['the broker is starting', { broker: { ...given.broker(), state: 'starting' } }, 0],
    ['a revocation is on its way', {}, 1],
    ['the revocations are not known yet', {}, null],
    [
      'the canary was tried long ago',
      { broker: { ...given.broker(), canary: { at: given.at(-3_600_000), revokedRefused: true, goodAccepted: true } } },
      0,
    ],
    ['the broker has a fault', { broker: { ...given.broker(), failure: given.failure('BROKER_CRL_EXPIRED') } }, 0],
    ['the list waits for the broker', { broker: { ...given.broker(), waiting: 1 } }, 0],
  ])('does not say so when %s', (_, wrong, pending) => {
    const truth = revocationVerdict({ ...good(), ...wrong }, pending, now, true);
    expect(truth.tone).not.toBe('pass');
    expect(truth.sentence).not.toBe('Everything that was revoked is refused');
  });
});

describe('revocations as they come', () => {
  it('keeps the newest first, counts a new one once, and follows it to the end', () => {
    const old = given.revocation({ serial: 'AA', state: 'EFFECTIVE', recordedAt: given.at(-60_000) });
    const recorded = given.revocation({ serial: 'BB', state: 'RECORDED', recordedAt: given.at(0) });
    const one = withRevocation({ rows: [old], total: 1 }, recorded);
    expect(one.rows?.map(({ serial }) => serial)).toEqual(['BB', 'AA']);
    expect(one.total).toBe(2);
    const two = withRevocation(one, { ...recorded, state: 'EFFECTIVE' });
    expect(two.total).toBe(2);
    expect(withRevocation({ rows: null, total: 0 }, recorded).rows).toBeNull();
  });
});

describe('what to revoke', () => {
  it('knows a device, a serial number and a fingerprint apart, with colons or without', () => {
    expect(selectorOf(' acme/T2-000104 ')).toEqual({ device: 'acme/T2-000104' });
    expect(selectorOf('3f:a0:11')).toEqual({ serial: '3FA011' });
    expect(selectorOf('AB'.repeat(32))).toEqual({ fingerprint: 'ab'.repeat(32) });
  });

  it.each(['', 'T2-000104', 'acme/T2/1', 'acme/..', '/', 'xyz', 'a', 'ab'.repeat(21)])('does not guess from %j', (text) => {
    expect(selectorOf(text)).toBeNull();
  });

  it('gives only what the contract takes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF: ') }),
          fc.stringMatching(/^[\w.-]{1,40}\/[\w.-]{1,40}$/u),
        ),
        (text) => {
          const selector = selectorOf(text);
          expect(selector === null || Selector.safeParse(selector).success).toBe(true);
        },
      ),
    );
  });
});

describe('a signing session', () => {
  it('has whole certificates, minutes from hours, and a reason', () => {
    expect(termsOf({ quota: '200', hours: '7.5', reason: ' early shift ' })).toEqual({
      terms: { quota: 200, minutes: 450, reason: 'early shift' },
      bad: [],
    });
  });

  it('names every field that cannot be used', () => {
    expect(termsOf({ quota: '1.5', hours: '25', reason: ' ' })).toEqual({ terms: null, bad: ['quota', 'minutes', 'reason'] });
    expect(termsOf({ quota: '', hours: '', reason: 'x' }).bad).toEqual(['quota', 'minutes']);
    expect(termsOf({ quota: '0', hours: '0', reason: 'x' }).bad).toEqual(['quota', 'minutes']);
  });

  it('says the tries left as the token said last', () => {
    expect(triesAfter(3, null)).toBe(3);
    expect(triesAfter(3, given.failure('PIN_WRONG', { triesLeft: 2 }))).toBe(2);
    expect(triesAfter(3, given.failure('TOKEN_ABSENT'))).toBe(3);
    expect(triesAfter(null, null)).toBeNull();
  });
});

describe('the issuer', () => {
  it('is the one that the session signs with', () => {
    const status = given.status();
    expect(mainIssuer(status)?.id).toBe('line-2');
    expect(mainIssuer({ ...status, session: null, crl: null })?.id).toBe('line-2');
    expect(mainIssuer({ issuers: [], session: null, crl: null })).toBeNull();
    expect(nameOf({ subject: 'CN=Line 2 issuing CA,O=Acme' })).toBe('Line 2 issuing CA');
  });

  it('is called proven only by what was read back from the token', () => {
    const [issuer] = given.issuers();
    expect(isProven({ proof: issuer?.proof ?? [] })).toBe(true);
    expect(isProven({ proof: [] })).toBe(false);
    expect(
      isProven({
        proof: [
          { attribute: 'CKA_SENSITIVE', value: 'true' },
          { attribute: 'CKA_EXTRACTABLE', value: 'true' },
        ],
      }),
    ).toBe(false);
  });
});
