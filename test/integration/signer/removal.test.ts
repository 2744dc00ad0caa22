import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenRef } from '../../../src-main/contract/index.ts';
import { buildDeviceTbs, checkCsr, newSerial } from '../../../src-main/station/ca/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { forkSigner } from '../../support/signer-process.ts';
import { failureOf, issueTerms, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';
import { signOne } from '../../support/sign-one.ts';

describe('a token that goes away', () => {
  const folder = makeShimFolder();
  let bench: SignerBench;
  let tokens = 0;
  let token: TokenRef;
  let made: Hierarchy;
  const work = new WorkFolder();

  beforeEach(async () => {
    bench = new SignerBench({ folder });
    await bench.start();
    token = await bench.makeToken(`Token ${++tokens}`);
    made = await makeHierarchy(bench, token);
    await bench.openSession(issueTerms(bench, token, made.issuer));
  });
  afterEach(async () => {
    folder.fault(null);
    await bench.service.close();
  });
  afterAll(() => {
    folder.remove();
    work.remove();
  });

  function sign(): Promise<{ signature: Uint8Array }> {
    const profile = shippedProfile('device');
    const { spki } = checkCsr(work.request('unit'), profile);
    const request = {
      issuer: made.issuer.issuer,
      profile,
      spki,
      subject: { tenant: 'acme', device: 'T2-1' },
      serial: newSerial(),
      now: bench.clock.now(),
      crlUri: 'http://crl.test.example/crl/i/0.crl',
    };
    return bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs: buildDeviceTbs(request).tbs });
  }

  it('ends the session, is seen to come back, and works again after the PIN, in the same process', async () => {
    const before = bench.seen.length;
    folder.pull();
    expect(await failureOf(sign())).toMatchObject({ code: 'TOKEN_ABSENT', params: { label: token.label, serial: token.serial } });
    expect(await bench.client('token.state', {})).toMatchObject({ state: 'absent', view: { serial: token.serial } });
    expect(await bench.client('session.current', {})).toBeNull();
    await bench.tokenState('absent', before);
    expect((await failureOf(sign())).code).toBe('TOKEN_ABSENT');

    folder.plug();
    await bench.tokenState('locked', before);
    expect((await failureOf(sign())).code).toBe('SESSION_ENDED');
    await bench.openSession(issueTerms(bench, token, made.issuer));
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it('is noticed although nothing is signed, with a session open and without', async () => {
    let before = bench.seen.length;
    folder.pull();
    await bench.tokenState('absent', before);
    await bench.event('session.changed', (session) => session === null, before);
    folder.plug();
    await bench.tokenState('locked', before);
    before = bench.seen.length;
    folder.pull();
    await bench.tokenState('absent', before);
    folder.plug();
    await bench.tokenState('locked', before);
  });

  it('many signatures in flight all end in the same named failure', async () => {
    folder.pull();
    const failures = await Promise.all(Array.from({ length: 8 }, () => failureOf(sign())));
    expect(new Set(failures.map((failure) => failure.code))).toEqual(new Set(['TOKEN_ABSENT']));
    folder.plug();
  });

  it('a session that the token closed by itself is opened again without asking anybody', async () => {
    folder.fault('closed');
    await expect(sign()).resolves.toHaveProperty('signature');
    expect(await bench.client('session.current', {})).toMatchObject({ used: 1 });
  });

  it('a signature that does not verify is never released, and does not count', async () => {
    folder.fault('flip');
    expect((await failureOf(sign())).code).toBe('SIGNATURE_INVALID');
    folder.fault(null);
    expect(await bench.client('session.current', {})).toMatchObject({ used: 0 });
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it('starts with the token away, and sees it come', async () => {
    await bench.client('session.close', { why: 'test' });
    await bench.service.close();
    folder.pull();
    bench = new SignerBench({ folder });
    await bench.client('module.use', { module: folder.module, watch: token });
    expect(await bench.client('token.state', {})).toMatchObject({ state: 'absent' });
    folder.plug();
    await bench.tokenState('locked');
  });
});

describe('the ladder of recovery', () => {
  const folder = makeShimFolder();
  const work = new WorkFolder();
  let bench: SignerBench;
  let tokens = 0;
  let token: TokenRef;
  let made: Hierarchy;

  beforeEach(async () => {
    bench = new SignerBench({ folder });
    await bench.start();
    token = await bench.makeToken(`Ladder ${++tokens}`);
    made = await makeHierarchy(bench, token);
    await bench.openSession(issueTerms(bench, token, made.issuer));
  });
  afterEach(async () => {
    folder.fault(null);
    await bench.service.close();
  });
  afterAll(() => {
    folder.remove();
    work.remove();
  });

  const removed = ['0x30', '0x32', '0x82', '0x60', '0xb3', '0xe0', '0x101'] as const;

  it.each(removed)('first looks for the key again, whatever the token says (%s)', async (answer) => {
    folder.fault(`stale ${answer}`);
    await expect(signOne(bench, made.issuer, work)).resolves.toHaveProperty('signature');
    expect(await bench.client('session.current', {})).toMatchObject({ used: 1 });
    expect(bench.stuck).toBe(0);
  });

  it('then opens a new session, without a PIN', async () => {
    folder.fault('closed');
    await expect(signOne(bench, made.issuer, work)).resolves.toHaveProperty('signature');
    expect(bench.stuck).toBe(0);
  });

  it.each(removed)('then starts the module anew, without a PIN (%s)', async (answer) => {
    folder.fault(`restart ${answer}`);
    await expect(signOne(bench, made.issuer, work)).resolves.toHaveProperty('signature');
    expect(await bench.client('session.current', {})).toMatchObject({ used: 1 });
    expect(bench.stuck).toBe(0);
  });

  it('and again each five minutes while the token is away', async () => {
    await bench.client('session.close', { why: 'test' });
    folder.pull();
    await bench.tokenState('absent');
    bench.clock.advance(4 * 60_000);
    expect(bench.stuck).toBe(0);
    // The first look after the token went away is what the five minutes count from.
    await expect.poll(() => (bench.clock.advance(60_000), bench.stuck)).toBeGreaterThan(0);
    folder.plug();
  });
});

describe('the last rung, a new process', () => {
  const folder = makeShimFolder();
  const work = new WorkFolder();
  const newProcess = (): SignerBench => new SignerBench({ folder, marker: join(folder.dir, 'last-call'), create: forkSigner });
  afterAll(() => {
    folder.remove();
    work.remove();
  });

  it.each([
    ['a module that is beyond a new start', 'process 0x30', /^TOKEN_(?:ABSENT|FAILED)$/u],
    ['a module that does not see a token that is there', 'unseen\nanswer C_SignInit 0x82', /^TOKEN_ABSENT$/u],
  ])('is asked for by %s, and cures it: the token is locked, and works after the PIN', async (_, behaviour, code) => {
    let bench = newProcess();
    await bench.start();
    const token = await bench.makeToken(`Process ${code.source.length}`);
    const made = await makeHierarchy(bench, token);
    await bench.openSession(issueTerms(bench, token, made.issuer));
    folder.fault(behaviour);
    expect((await failureOf(signOne(bench, made.issuer, work))).code).toMatch(code);
    expect(await bench.client('session.current', {})).toBeNull();
    await expect.poll(() => bench.stuck).toBe(1);
    await bench.service.close();

    bench = newProcess();
    await bench.client('module.use', { module: folder.module, watch: token });
    expect(await bench.client('token.state', {})).toMatchObject({ state: 'locked' });
    await bench.openSession(issueTerms(bench, token, made.issuer));
    await expect(signOne(bench, made.issuer, work)).resolves.toHaveProperty('signature');
    await bench.service.close();
  });
});
