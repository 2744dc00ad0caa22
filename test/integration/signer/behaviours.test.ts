import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TokenDetails, TokenRef } from '../../../src-main/contract/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { failureOf, issueTerms, makeHierarchy, SignerBench, type Hierarchy } from '../../support/signer.ts';
import { signOne } from '../../support/sign-one.ts';

/** What vendors' tokens do that SoftHSM does not, one after the other; the shim in front of it plays them. */
const folder = makeShimFolder();
const work = new WorkFolder();
const bench = new SignerBench({ folder });
let token: TokenRef;
let made: Hierarchy;
let ids = 0x10;

beforeAll(async () => {
  await bench.start();
  token = await bench.makeToken();
  made = await makeHierarchy(bench, token);
});
afterEach(async () => {
  folder.fault(null);
  await bench.client('session.close', { why: 'the test is over' });
});
afterAll(async () => {
  await bench.stop();
  work.remove();
});

const inspect = async (): Promise<TokenDetails[]> =>
  (await bench.client('token.inspect', { module: folder.module })).filter((one) => one.initialised);
const generate = () => bench.client('key.generate', { ckaId: (ids++).toString(16), label: 'new', algorithm: 'ec-p256' });
const openForIssue = () => bench.openSession(issueTerms(bench, token, made.issuer));
const sign = () => signOne(bench, made.issuer, work);

describe('a token that works although', () => {
  it.each([
    ['its slots have numbers of 64 bits', 'big-slots'],
    ['its slots show a token in the list of all slots only', 'all-slots'],
    ['its list of mechanisms is empty', 'mechanisms 0'],
    ['its list of mechanisms has 20,000', 'mechanisms 20000'],
    ['its texts are padded with NUL', 'nul-padding'],
    ['it wants no login, it says', 'flags 0 0x4'],
    ['it prints on standard output', 'talk'],
    ['it knows no C_Logout', 'answer C_Logout 0x54'],
    ['it allows two sessions', 'sessions 2'],
  ])('%s, opens a session, makes a key and signs', async (_, behaviour) => {
    folder.fault(behaviour);
    await bench.openSession(bench.ceremonyTerms(token));
    await expect(generate()).resolves.toHaveProperty('spki');
    await bench.client('session.close', { why: 'next' });
    await openForIssue();
    await expect(sign()).resolves.toHaveProperty('signature');
  });

  it.each([
    ['its points are bare', 'bare-point'],
    ['it refuses to be told CKA_SENSITIVE', 'refuse 0x103'],
    ['it refuses to be told CKA_EXTRACTABLE', 'refuse 0x162'],
    ['it refuses to be told CKA_VERIFY', 'refuse 0x10a'],
    ['it refuses to be told CKA_PRIVATE', 'refuse 0x2'],
  ])('%s, makes a key, and the key is proven', async (_, behaviour) => {
    folder.fault(behaviour);
    await bench.openSession(bench.ceremonyTerms(token));
    expect((await generate()).attributes).toEqual(expect.arrayContaining([{ attribute: 'CKA_EXTRACTABLE', value: 'false' }]));
  });

  it('it refuses an attribute, as long as its own choice is the right one', async () => {
    folder.fault('refuse 0x103 loose');
    await bench.openSession(bench.ceremonyTerms(token));
    expect(await failureOf(generate())).toMatchObject({ code: 'KEY_ATTRIBUTES_REFUSED', params: { attribute: 'CKA_SENSITIVE' } });
  });

  it('it has no serial number, as long as it is the only one of its name', async () => {
    folder.fault('no-serial');
    const [view] = await inspect();
    const nameless = { label: token.label, serial: view?.serial ?? '?' };
    expect(nameless.serial).toBe('');
    await bench.openSession(issueTerms(bench, nameless, made.issuer));
    await expect(sign()).resolves.toHaveProperty('signature');
  });
});

describe('what a token says, in words', () => {
  it.each([
    ['the PIN is locked', 'flags 0x40000 0', { pinState: 'locked', triesLeft: 0 }],
    ['one try is left', 'flags 0x20000 0', { pinState: 'final-try', triesLeft: 1 }],
    ['some tries are gone', 'flags 0x10000 0', { pinState: 'low' }],
    ['the PIN was never set', 'flags 0 0x8', { pinState: 'not-set' }],
    ['it has a PIN pad', 'pad waiting', { pinPad: true }],
    ['it is write-protected', 'flags 0x2 0', { flags: expect.arrayContaining(['CKF_WRITE_PROTECTED']) as unknown }],
    ['its PIN must be changed', 'flags 0x80000 0', { flags: expect.arrayContaining(['CKF_USER_PIN_TO_BE_CHANGED']) as unknown }],
    ['it makes no EC keys', 'no-mechanism 0x1040', { algorithms: ['rsa-2048', 'rsa-3072', 'rsa-4096'] }],
  ])('%s', async (_, behaviour, expected) => {
    folder.fault(behaviour);
    expect((await inspect())[0]).toMatchObject(expected);
  });
});

describe('a token that is refused by name', () => {
  const opening = () => bench.openSession(issueTerms(bench, token, made.issuer));

  it.each([
    ['whose PIN is locked, without a try', 'flags 0x40000 0\nanswer C_Login 0x5', 'PIN_LOCKED'],
    ['whose PIN is locked, as it says at the login', 'answer C_Login 0xa4', 'PIN_LOCKED'],
    ['whose PIN was never set, without a try', 'flags 0 0x8\nanswer C_Login 0x5', 'PIN_NOT_SET'],
    ['whose PIN has expired', 'answer C_Login 0xa3', 'PIN_EXPIRED'],
    ['that has no session left', 'sessions 0', 'TOKEN_SESSIONS_USED'],
    ['that fails for a reason of its own', 'answer C_Login 0x30', 'TOKEN_FAILED'],
    ['that cannot sign by CKM_ECDSA', 'no-mechanism 0x1041', 'KEY_KIND_UNSUPPORTED'],
    ['that takes its PIN on the device', 'pad right', 'PIN_ON_DEVICE'],
  ])('%s', async (_, behaviour, code) => {
    folder.fault(behaviour);
    expect((await failureOf(opening())).code).toBe(code);
    folder.fault(null);
    // Nothing was tried twice, and nothing is left behind: the right PIN works at once.
    await openForIssue();
  });

  it.each([
    ['that is write-protected, without a try', 'flags 0x2 0\nanswer C_OpenSession 0x5', 'TOKEN_WRITE_PROTECTED'],
    ['that makes no such keys', 'no-mechanism 0x1040', 'KEY_KIND_UNSUPPORTED'],
    ['that wants its PIN changed first', 'answer C_GenerateKeyPair 0xa3', 'PIN_EXPIRED'],
    ['that cannot sign with what it made', 'no-mechanism 0x1041', 'KEY_KIND_UNSUPPORTED'],
  ])('in a ceremony: %s', async (_, behaviour, code) => {
    folder.fault(behaviour);
    const failure = await failureOf(bench.openSession(bench.ceremonyTerms(token)).then(generate));
    expect(failure).toMatchObject({ code, params: { label: token.label } });
  });

  it('keeps the ceremony open where only the kind of key was wrong, and leaves no key behind', async () => {
    await bench.openSession(bench.ceremonyTerms(token));
    folder.fault('no-mechanism 0x1041');
    const ckaId = ids.toString(16);
    expect((await failureOf(generate())).code).toBe('KEY_KIND_UNSUPPORTED');
    folder.fault(null);
    expect(await bench.client('session.current', {})).not.toBeNull();
    expect(await bench.client('key.find', { ckaId, label: 'new', algorithm: 'ec-p256' })).toBeNull();
  });

  it('that is there twice gets no PIN', async () => {
    await bench.makeToken('Twin');
    await bench.makeToken('Twin');
    folder.fault('no-serial\nanswer C_Login 0x5');
    const twin = issueTerms(bench, { label: 'Twin', serial: '' }, made.issuer);
    expect(await failureOf(bench.openSession(twin))).toMatchObject({ code: 'TOKEN_AMBIGUOUS', params: { count: 2, label: 'Twin' } });
  });
});
