import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SigningSession, TokenRef } from '../../../src-main/contract/index.ts';
import { readLastCall } from '../../../src-main/service-host/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { makeShimFolder, type ShimFolder } from '../../support/shim.ts';
import { forkSigner } from '../../support/signer-process.ts';
import { failureOf, issueTerms, makeHierarchy, SignerBench, testPin, type Hierarchy } from '../../support/signer.ts';
import { signOne } from '../../support/sign-one.ts';

const root = new URL('../../..', import.meta.url).pathname;
const pinPad = `${root}build/pin-pad/libpin-pad.so`;

/** The shim takes no PIN in C_Login but NULL, and then waits for a person like a reader with keys of its own. */
function padFolder(): ShimFolder {
  const folder = makeShimFolder();
  return { ...folder, module: { ...folder.module, env: { ...folder.module.env, PKCS11_SHIM_PIN: testPin } } };
}

beforeAll(() => {
  execFileSync('make', ['-s', '-C', `${root}native/pin-pad`], { stdio: 'pipe' });
});

describe('a token with a PIN pad', () => {
  const folder = padFolder();
  const work = new WorkFolder();
  const bench = new SignerBench({ folder, pinPad });
  let token: TokenRef;
  let made: Hierarchy;

  beforeAll(async () => {
    await bench.start();
    token = await bench.makeToken();
    made = await makeHierarchy(bench, token);
  });
  beforeEach(() => {
    folder.fault('pad waiting');
  });
  afterEach(async () => {
    folder.fault(null);
    await bench.client('session.close', { why: 'the test is over' });
  });
  afterAll(async () => {
    await bench.stop();
    work.remove();
  });

  const request = () => bench.client('session.request', issueTerms(bench, token, made.issuer));
  const onDevice = (requestId: string): Promise<{ session: SigningSession | null }> =>
    bench.service.handle('pin.onDevice', { requestId }) as Promise<{ session: SigningSession | null }>;

  it('says so before anybody is asked for a PIN', async () => {
    expect(await request()).toMatchObject({ pinPad: true });
    folder.fault(null);
    expect(await request()).toMatchObject({ pinPad: false });
  });

  it('opens the session when the PIN was typed there, while the signer goes on answering', async () => {
    const { requestId } = await request();
    const opened = onDevice(requestId);
    expect(await bench.client('session.current', {})).toBeNull();
    folder.fault('pad right');
    expect((await opened).session).toMatchObject({ kind: 'issue', used: 0 });
    await expect(signOne(bench, made.issuer, work)).resolves.toHaveProperty('signature');
  });

  it('counts a wrong one, and takes another entry for the same request', async () => {
    const { requestId } = await request();
    folder.fault('pad wrong');
    expect(await failureOf(onDevice(requestId))).toMatchObject({ code: 'PIN_WRONG', params: { triesLeft: 9 } });
    folder.fault('pad right');
    expect((await onDevice(requestId)).session).not.toBeNull();
  });

  it.each([
    ['cancelled', 'pad cancel'],
    ['left until the device gave up', 'pad late'],
  ])('says when the entry was %s there', async (_, behaviour) => {
    const { requestId } = await request();
    folder.fault(behaviour);
    expect((await failureOf(onDevice(requestId))).code).toBe('PIN_PAD_CANCELLED');
    expect(bench.hangs).toEqual([]);
  });

  it('takes no PIN from anywhere else', async () => {
    const { requestId } = await request();
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('PIN_ON_DEVICE');
  });

  it('wants its PIN typed again where others are let in again without', async () => {
    folder.fault('pad right');
    await onDevice((await request()).requestId);
    folder.fault('pad waiting\nclosed');
    expect((await failureOf(signOne(bench, made.issuer, work))).code).toBe('PIN_AGAIN');
    expect(await bench.client('session.current', {})).toBeNull();
  });

  it('is not waited for where there is none', async () => {
    folder.fault(null);
    const { requestId } = await request();
    expect((await failureOf(onDevice(requestId))).code).toBe('PIN_PAD_MISSING');
  });
});

describe('a person who does not come to the PIN pad', () => {
  it.each([
    ['in time', 300, null, 'PIN_PAD_LATE'],
    ['because it was called off', 60_000, 'cancel', 'PIN_PAD_CANCELLED'],
  ])('%s, ends the wait, and the process that is caught in it', async (_, pinPadMs, then, code) => {
    const folder = padFolder();
    const marker = `${folder.dir}/last-call`;
    const bench = new SignerBench({ folder, pinPad, pinPadMs, marker, create: forkSigner });
    await bench.start();
    const token = await bench.makeToken();
    folder.fault('pad waiting');
    const { requestId } = await bench.client('session.request', bench.ceremonyTerms(token));
    const opened = failureOf(bench.service.handle('pin.onDevice', { requestId }));
    await expect.poll(() => readLastCall(marker)?.method).toBe('C_Login');
    if (then === 'cancel') await bench.service.handle('pin.cancel', { requestId });
    expect((await opened).code).toBe(code);
    await expect.poll(() => bench.hangs).toHaveLength(1);
    await bench.stop();
  });
});
