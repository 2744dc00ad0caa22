import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { Authority, SessionTerms, TokenRef } from '../../../src-main/contract/index.ts';
import { buildDeviceTbs, checkCsr, crlUri, newSerial, signingProfile, type Draft } from '../../../src-main/station/ca/index.ts';
import { pinTriesIn } from '../../../src-main/signer/pin-tries.ts';
import { WorkFolder } from '../../support/openssl.ts';
import {
  authorityTerms,
  crlBase,
  failureOf,
  issueTerms,
  makeHierarchy,
  settableClock,
  shippedProfile,
  SignerBench,
  testPin,
  type Hierarchy,
} from '../../support/signer.ts';

const bench = new SignerBench();
const work = new WorkFolder();
const device = shippedProfile('device');
let token: TokenRef;
let made: Hierarchy;
let spki: Buffer;

beforeAll(async () => {
  await bench.start();
  token = await bench.makeToken();
  made = await makeHierarchy(bench, token);
  spki = checkCsr(work.request('unit'), device).spki;
});
afterAll(async () => {
  await bench.stop();
  work.remove();
});
beforeEach(() => {
  bench.clock.set(Date.now());
});
afterEach(async () => {
  await bench.client('session.close', { why: 'the test is over' });
});

const terms = (more: Partial<SessionTerms> = {}): SessionTerms => issueTerms(bench, token, made.issuer, 'device', more);
const issuer = (more: Partial<Authority>): Partial<SessionTerms> => ({
  authorities: [{ ...authorityTerms(made.issuer, 'device'), ...more }],
});
const draft = (): Draft =>
  buildDeviceTbs({
    issuer: made.issuer.issuer,
    profile: device,
    spki,
    subject: { tenant: 'acme', device: 'T2-1' },
    serial: newSerial(),
    now: bench.clock.now(),
    crlUri: crlUri(crlBase, 'i'),
  });
const sign = (tbs: Uint8Array = draft().tbs): Promise<unknown> =>
  bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs });

describe('what a signing session allows', () => {
  it('signs nothing before an officer has opened it', async () => {
    expect((await failureOf(sign())).code).toMatch(/^SESSION_(NONE|ENDED)$/u);
    const { requestId } = await bench.client('session.request', terms());
    expect((await failureOf(sign())).code).toMatch(/^SESSION_(NONE|ENDED)$/u);
    await bench.enterPin(requestId);
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it('counts down its quota, also when asked for many at once, and still signs revocation lists then', async () => {
    await bench.openSession(terms({ quota: 3 }));
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => sign()));
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect((await failureOf(sign())).code).toBe('SESSION_QUOTA_USED');
    expect(await bench.client('session.current', {})).toMatchObject({ quota: 3, used: 3 });
    await expect(bench.client('sign.crl.begin', { key: made.issuer.proof.key })).resolves.toHaveProperty('streamId');
  });

  it('does not count what it refused', async () => {
    await bench.openSession(terms({ quota: 1 }));
    expect((await failureOf(sign(Buffer.from('3000', 'hex')))).code).toBe('SESSION_REFUSED');
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it('keeps to its rate', async () => {
    await bench.openSession(terms({ perMinute: 2 }));
    await sign();
    await sign();
    expect((await failureOf(sign())).code).toBe('SESSION_RATE');
    bench.clock.advance(60_001);
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it('ends by itself at its time, tells so, and says why afterwards', async () => {
    await bench.openSession(terms({ until: new Date(bench.clock.now() + 60_000).toISOString() }));
    const before = bench.seen.length;
    bench.clock.advance(60_000);
    expect(await failureOf(sign())).toMatchObject({ code: 'SESSION_ENDED', params: { why: 'its time was up' } });
    await bench.event('session.changed', (session) => session === null, before);
    await bench.tokenState('locked', before);
    expect(await bench.client('session.current', {})).toBeNull();
  });

  it('ends by itself when it was idle, without being asked', async () => {
    await bench.openSession(terms({ idleMinutes: 5 }));
    bench.clock.advance(4 * 60_000);
    await sign();
    bench.clock.advance(4 * 60_000);
    await sign();
    const before = bench.seen.length;
    bench.clock.advance(5 * 60_000);
    await bench.event('session.changed', (session) => session === null, before);
    expect((await failureOf(sign())).params['why']).toContain('5 minutes');
  });

  it.each([
    ['its time', { until: new Date(Date.now() + 10 * 60_000).toISOString() }, /time was up/u],
    ['an idle time', { idleMinutes: 10 }, /nothing was signed for 10 minutes/u],
  ])('is not made longer than %s by a clock that is set back', async (_, more, why) => {
    await bench.openSession(terms(more));
    bench.clock.advance(9 * 60_000);
    bench.clock.set(bench.clock.now() - 9 * 60_000);
    bench.clock.advance(60_001);
    expect((await failureOf(sign())).params['why']).toMatch(why);
  });

  it('tells what is left each minute without being asked, and with its end why', async () => {
    await bench.openSession(terms({ idleMinutes: 60 }));
    for (let minute = 0; minute < 2; minute++) {
      const before = bench.seen.length;
      bench.clock.advance(60_000);
      await bench.event('session.changed', (session) => session !== null, before);
    }
    await bench.client('session.close', { why: 'closed by Olga' });
    const ended = bench.seen.filter(({ event }) => event === 'session.ended').at(-1);
    expect(ended?.payload).toMatchObject({ session: { quota: 100, used: 0 }, end: { why: 'closed by Olga' } });
  });

  it('is one at a time', async () => {
    const { requestId } = await bench.client('session.request', terms());
    await bench.openSession(terms());
    expect((await failureOf(bench.client('session.request', terms()))).code).toBe('SESSION_OPEN');
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('SESSION_OPEN');
  });

  it('for revocation lists only, signs no certificate', async () => {
    await bench.openSession(terms({ kind: 'crl-only', profiles: [], ...issuer({ profiles: [] }) }));
    expect(await failureOf(sign())).toMatchObject({ code: 'SESSION_REFUSED' });
    await expect(bench.client('sign.crl.begin', { key: made.issuer.proof.key })).resolves.toHaveProperty('streamId');
  });

  it('signs a registration for central records as the text that the signer wrote, with its own keys, and only where certificates are signed', async () => {
    const what = { station: 'aaaa0001', name: 'Line 1', tenants: ['acme', 'beta'] };
    const { key, spki } = made.issuer.proof;
    const register = (more: object = {}) => bench.client('sign.registration', { key, ...what, ...more });
    await bench.openSession(terms({ kind: 'crl-only', profiles: [], ...issuer({ profiles: [] }) }));
    expect(await failureOf(register())).toMatchObject({ code: 'SESSION_REFUSED' });
    await bench.client('session.close', { why: 'next' });
    await bench.openSession(terms());
    const { signature } = await register();
    const text = 'Birthmark registration for central records 1\nstation aaaa0001\nname Line 1\ntenants acme beta\n';
    expect(verify('sha256', Buffer.from(text), createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signature)).toBe(
      true,
    );
    expect(await failureOf(register({ key: made.root.proof.key }))).toMatchObject({ code: 'SESSION_REFUSED' });
    for (const bad of [{ name: 'a\nstation b' }, { station: 'a b' }, { tenants: ['a b'] }])
      expect(await failureOf(register(bad))).toMatchObject({ code: 'INVALID_INPUT' });
    await bench.client('session.close', { why: 'done' });
  });

  it('with several issuers signs each kind of certificate with the one it is bound to, and revocation lists with all', async () => {
    const server = signingProfile(shippedProfile('server'));
    await bench.openSession(
      terms({
        profiles: [signingProfile(device), server],
        authorities: [authorityTerms(made.issuer, 'device'), authorityTerms(made.server, 'server'), authorityTerms(made.root)],
      }),
    );
    await expect(sign()).resolves.toHaveProperty('signature');
    const crossed = [
      { key: made.issuer.proof.key, profile: 'server' },
      { key: made.server.proof.key, profile: 'device' },
      { key: made.root.proof.key, profile: 'device' },
    ];
    for (const asked of crossed)
      expect(await failureOf(bench.client('sign.certificate', { ...asked, tbs: draft().tbs }))).toMatchObject({
        code: 'SESSION_REFUSED',
        params: { rule: expect.stringContaining('this issuer does not sign under the profile') as string },
      });
    for (const { proof } of Object.values(made)) await bench.client('sign.crl.begin', { key: proof.key });
  });

  it('signs with its issuer’s key and no other of the token', async () => {
    await bench.openSession(terms());
    expect(
      (await failureOf(bench.client('sign.certificate', { key: made.root.proof.key, profile: 'device', tbs: draft().tbs }))).code,
    ).toBe('SESSION_REFUSED');
    expect((await failureOf(bench.client('sign.crl.begin', { key: made.server.proof.key }))).code).toBe('SESSION_REFUSED');
    expect(
      (await failureOf(bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'server', tbs: draft().tbs }))).code,
    ).toBe('SESSION_REFUSED');
  });

  it('makes keys in a ceremony only', async () => {
    await bench.openSession(terms());
    expect((await failureOf(bench.client('key.generate', { ckaId: '77', label: 'x', algorithm: 'ec-p256' }))).code).toBe('SESSION_REFUSED');
  });

  it.each([
    [
      'a ceremony’s profile outside a ceremony',
      { profiles: [{ name: 'ca', maxValidityDays: 1, keyAlgorithms: [], extendedKeyUsage: [], ca: true, commonName: '.*' }] },
    ],
    ['an end in the past', { until: '2020-01-01T00:00:00.000Z' }],
    ['nobody who signs', { authorities: [] }],
  ] satisfies [string, Partial<SessionTerms>][])('is not even asked for with %s', async (_, more) => {
    expect((await failureOf(bench.client('session.request', terms(more)))).code).toBe('SESSION_REFUSED');
  });

  it.each([
    ['a certificate that is none', { certificate: Buffer.from('3003020100', 'hex') }],
    ['a profile that the session does not have', { profiles: ['device', 'service'] }],
    ['a profile that nobody signs under', { profiles: [] }],
  ])('is not even asked for with an issuer that has %s', async (_, more) => {
    expect((await failureOf(bench.client('session.request', terms(issuer(more))))).code).toBe('SESSION_REFUSED');
  });

  it('is not asked for with another CA’s certificate, nor with a device’s', async () => {
    expect((await failureOf(bench.client('session.request', terms(issuer({ certificate: made.root.certificate }))))).code).toBe(
      'SESSION_REFUSED',
    );
  });

  it('does not open when the token lacks the key', async () => {
    const { requestId } = await bench.client('session.request', terms(issuer({ key: { ...made.issuer.proof.key, ckaId: '99' } })));
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('KEY_NOT_FOUND');
  });

  it('does not open when the key of this id is another one', async () => {
    const { requestId } = await bench.client(
      'session.request',
      terms(issuer({ key: { ...made.issuer.proof.key, ckaId: made.root.proof.key.ckaId } })),
    );
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('KEY_NOT_FOUND');
  });
});

describe('the PIN', () => {
  it('answers one request once', async () => {
    expect((await failureOf(bench.enterPin('0196d4ee-1111-4111-8111-111111111111'))).code).toBe('PIN_REQUEST_UNKNOWN');
    const { requestId } = await bench.client('session.request', terms());
    await bench.enterPin(requestId);
    await bench.client('session.close', { why: 'done' });
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('PIN_REQUEST_UNKNOWN');
  });

  it('is asked for during two minutes', async () => {
    const { requestId, expiresAt } = await bench.client('session.request', terms());
    expect(Date.parse(expiresAt) - bench.clock.now()).toBe(120_000);
    bench.clock.advance(120_000);
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('PIN_REQUEST_UNKNOWN');
  });

  it('uses up one try when it is wrong, says how many are left, and may be entered again', async () => {
    const { requestId } = await bench.client('session.request', terms());
    expect(await failureOf(bench.enterPin(requestId, '000000'))).toMatchObject({ code: 'PIN_WRONG', params: { triesLeft: 9 } });
    expect(await failureOf(bench.enterPin(requestId, '000000'))).toMatchObject({ code: 'PIN_WRONG', params: { triesLeft: 8 } });
    expect((await bench.client('token.list', {}))[0]).toMatchObject({ pinState: 'low', triesLeft: 8 });
    expect(await bench.enterPin(requestId)).not.toBeNull();
    expect((await bench.client('token.list', {}))[0]).toMatchObject({ pinState: 'ok', triesLeft: null });
  });

  it('of a length that the token does not take is not tried', async () => {
    const { requestId } = await bench.client('session.request', terms());
    expect((await failureOf(bench.enterPin(requestId, '1'))).code).toBe('PIN_INVALID');
    await bench.enterPin(requestId);
  });

  it('two entries at the same time are one entry', async () => {
    const { requestId } = await bench.client('session.request', terms());
    const [first, second] = await Promise.allSettled([bench.enterPin(requestId), bench.enterPin(requestId, '000000')]);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'PIN_REQUEST_UNKNOWN' } });
  });

  it('is locked here after as many wrong ones as a token would take', async () => {
    const other = await bench.makeToken('Other');
    const asked = terms({ token: other });
    for (let left = 9; left >= 0; left--) {
      const { requestId } = await bench.client('session.request', asked);
      expect((await failureOf(bench.enterPin(requestId, '000000'))).params['triesLeft']).toBe(left);
    }
    const { requestId } = await bench.client('session.request', asked);
    expect(await failureOf(bench.enterPin(requestId, testPin))).toMatchObject({ code: 'PIN_TRIES_USED', params: { tries: 10 } });
  });

  it('is counted on when the signer is started anew, and from the beginning an hour after the last wrong one', async () => {
    const other = await bench.makeToken('Counted');
    const asked = terms({ token: other });
    const pinTries = pinTriesIn(join(bench.folder.dir, 'pin-tries.json'));
    const clock = settableClock();
    const wrong = async (): Promise<unknown> => {
      // One library has one state in a process: a second signer shares it, as a second command does not.
      const again = new SignerBench({ folder: bench.folder, pinTries, clock });
      await again.start();
      const { requestId } = await again.client('session.request', { ...asked, until: new Date(clock.now() + 60_000).toISOString() });
      const failure = await failureOf(again.enterPin(requestId, '000000'));
      return failure.params['triesLeft'];
    };
    expect([await wrong(), await wrong(), await wrong()]).toEqual([9, 8, 7]);
    clock.advance(59 * 60_000);
    expect(await wrong()).toBe(6);
    clock.advance(60 * 60_000);
    expect(await wrong()).toBe(9);
    writeFileSync(join(bench.folder.dir, 'pin-tries.json'), '[["');
    expect(await wrong()).toBe(9);
  });

  it('is not in what the signer tells', async () => {
    const { requestId } = await bench.client('session.request', terms());
    const wrong = await failureOf(bench.enterPin(requestId, '730199'));
    await bench.enterPin(requestId);
    await sign();
    const told = JSON.stringify([bench.seen, wrong.toData(), wrong.stack]);
    expect(told).not.toContain(testPin);
    expect(told).not.toContain('730199');
  });
});
