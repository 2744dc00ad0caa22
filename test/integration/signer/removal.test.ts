import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenRef } from '../../../src-main/contract/index.ts';
import { buildDeviceTbs, checkCsr, newSerial } from '../../../src-main/station/ca/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { failureOf, issueTerms, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';

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
      crlUri: 'http://x.example/crl/i/0.crl',
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
