import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionTerms, SigningSession, TokenRef } from '../../../src-main/contract/index.ts';
import { constructed, der, DerReader, oids, onlyElement, spkiOf, tags, time } from '../../../src-main/der/index.ts';
import {
  buildDeviceTbs,
  buildIssuerTbs,
  crlUri,
  newSerial,
  signingProfile,
  type Draft,
  type CrlEntry,
  type LeafRequest,
} from '../../../src-main/station/ca/index.ts';
import { frameTbs, writeEntry } from '../../../src-main/station/ca/crl-encode.ts';
import { makeTokenFolder, type TokenFolder } from '../../support/token.ts';
import { crlBase, failureOf, issueTerms, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';

/*
 * A station that was taken over, with a session that an officer opened for one tenant. Each attack is right but for one thing: what the signer
 * refuses, it refuses for that.
 */
const day = 86_400_000;
const device = shippedProfile('device');
const profile = signingProfile(device);
const uri = crlUri(crlBase, 'i');
const newKey = (): Buffer => spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);

let folder: TokenFolder;
let bench: SignerBench;
let token: TokenRef;
let made: Hierarchy;
/** The same without its cRLDistributionPoints. */
function withoutPoint(tbs: Uint8Array): Buffer {
  const fields = [...elementsOf(onlyElement(tbs, tags.sequence).content)];
  const extensions = fields.pop() ?? Buffer.alloc(0);
  const list = elementsOf(onlyElement(onlyElement(extensions, constructed(3)).content, tags.sequence).content);
  const point = Buffer.from(der.oid(oids.crlDistributionPoints));
  const left = list.filter((one) => !Buffer.from(one).includes(point));
  return der.sequence(...fields, der.explicit(3, der.sequence(...left)));
}

/** The same, but valid until a second ago. */
function ended(tbs: Uint8Array): Buffer {
  const [version, serial, algorithm, issuer, , ...rest] = elementsOf(onlyElement(tbs, tags.sequence).content);
  const validity = der.sequence(time(bench.clock.now() - 600_000), time(bench.clock.now() - 1000));
  return der.sequence(...[version, serial, algorithm, issuer].map((one) => one ?? Buffer.alloc(0)), validity, ...rest);
}

function elementsOf(content: Uint8Array): Uint8Array[] {
  const reader = new DerReader(content);
  const found: Uint8Array[] = [];
  while (!reader.done) found.push(reader.element().bytes);
  return found;
}

/** Of a certificate that was signed and revoked. */
let revoked: Draft;
const known = newKey();

beforeAll(async () => {
  folder = makeTokenFolder();
  bench = new SignerBench({ folder, points });
  await bench.start();
  token = await bench.makeToken();
  made = await makeHierarchy(bench, token);
  await open();
  revoked = leaf({ spki: known });
  await certify(revoked);
  await signList({ number: 7, entries: [entry(revoked.serial)] });
});
afterAll(async () => {
  await bench.stop();
});

const terms = (more: Partial<SessionTerms> = {}): SessionTerms =>
  issueTerms(bench, token, made.issuer, 'device', { tenants: ['acme'], ...more });
const points = (): string[] => ['root', 'server', 'i'].map((id) => crlUri(crlBase, id));
/** The issuer has the key id 02. */
const listsOf = (...uris: string[]): Partial<SessionTerms> => ({ distributionPoints: [{ ckaId: '02', uris }] });
const open = (): Promise<SigningSession> => bench.openSession(terms());

const leaf = (more: Partial<LeafRequest> = {}): Draft =>
  buildDeviceTbs({
    issuer: made.issuer.issuer,
    profile: device,
    spki: newKey(),
    subject: { tenant: 'acme', device: 'T2-1' },
    serial: newSerial(),
    now: bench.clock.now(),
    crlUri: uri,
    ...more,
  });
const certify = ({ tbs }: { readonly tbs: Uint8Array }): Promise<unknown> =>
  bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs });

const entry = (serial: string): CrlEntry => ({ serial, revokedAt: new Date(bench.clock.now()).toISOString(), reason: 'keyCompromise' });
interface List {
  readonly number: number;
  readonly entries: readonly CrlEntry[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number;
  readonly uri?: string;
}
async function signList({ number, entries, ...more }: List): Promise<unknown> {
  const body = Buffer.alloc(entries.length * 64);
  const bytes = entries.reduce((at, one) => writeEntry(body, at, one), 0);
  const now = bench.clock.now();
  const head = { issuer: made.issuer.issuer, number, thisUpdate: now, nextUpdate: now + day, uri, ...more };
  const { before, after } = frameTbs(head, bytes);
  const { streamId } = await bench.client('sign.crl.begin', { key: made.issuer.proof.key });
  for (const chunk of [before, body.subarray(0, bytes), after])
    if (chunk.length > 0) await bench.client('sign.crl.append', { streamId, chunk });
  return bench.client('sign.crl.finish', { streamId });
}

describe('terms that no officer can allow', () => {
  it.each<[string, Partial<SessionTerms>, RegExp]>([
    ['a session until 2099', { until: '2099-01-01T00:00:00.000Z' }, /within 31 days/u],
    ['a quota of 2^53', { quota: Number.MAX_SAFE_INTEGER }, /at most 1000000/u],
    ['certificates for a hundred years', { profiles: [{ ...profile, maxValidityDays: 36_500 }] }, /too long/u],
    ['a ceremony for a month', { kind: 'ceremony', until: new Date(Date.now() + 30 * day).toISOString() }, /ceremony ends/u],
    ['the profile of a CA in a session for devices', { profiles: [{ ...profile, ca: true }] }, /only a ceremony/u],
    ['a key without its revocation lists', { distributionPoints: [] }, /revocation lists/u],
    ['a revocation list of the attacker’s, which would begin at 1 with nothing in it', listsOf('http://attacker.example/0.crl'), /others/u],
    ['a revocation list more', listsOf(...points(), 'http://attacker.example/0.crl'), /others/u],
    ['one of its revocation lists less', listsOf(...points().slice(1)), /others/u],
  ])('%s', async (_, more, rule) => {
    await bench.client('session.close', { why: 'the next attack' });
    expect((await failureOf(bench.client('session.request', terms(more)))).params['rule']).toMatch(rule);
    await open();
  });
});

describe('what the officer is shown before the PIN', () => {
  it('is what the signer will enforce, whatever the station says that the PIN is for', async () => {
    await bench.client('session.close', { why: 'the next attack' });
    const asked = { ...bench.ceremonyTerms(token), operator: 'Olga', reason: 'Line 1, early shift' };
    const { requestId } = await bench.client('session.request', asked);
    expect(await bench.service.handle('pin.terms', { requestId })).toMatchObject({
      kind: 'ceremony',
      token,
      profiles: ['root', 'issuer'],
      quota: 100,
      until: asked.until,
    });
    await bench.service.handle('pin.cancel', { requestId });
    expect((await failureOf(bench.service.handle('pin.terms', { requestId }))).code).toBe('PIN_REQUEST_UNKNOWN');
    const issue = await bench.client('session.request', terms());
    expect(await bench.service.handle('pin.terms', { requestId: issue.requestId })).toMatchObject({
      kind: 'issue',
      issuers: ['Test issuer 1'],
      profiles: ['device'],
      tenants: ['acme'],
      relearn: null,
    });
    await bench.enterPin(issue.requestId);
  });
});

describe('certificates', () => {
  const other = { tenant: 'other', device: 'T2-1' };
  it.each<[string, () => { readonly tbs: Uint8Array }, RegExp]>([
    ['a serial number that exists', () => leaf({ serial: revoked.serial }), /serial number/u],
    ['one key under two names', () => leaf({ spki: known, subject: { tenant: 'acme', device: 'T2-2' } }), /another name/u],
    ['a foreign distribution point', () => leaf({ crlUri: 'http://attacker.example/crl/i/0.crl' }), /distribution point/u],
    ['no distribution point', () => ({ tbs: withoutPoint(leaf().tbs) }), /distribution point/u],
    ['another tenant', () => leaf({ subject: other }), /tenant/u],
    ['one that has expired already', () => ({ tbs: ended(leaf().tbs) }), /expired already/u],
    ['the root’s own key in a leaf', () => leaf({ spki: made.root.proof.spki }), /key of a CA/u],
    ['the key of another CA in a leaf', () => leaf({ spki: made.server.proof.spki }), /key of a CA/u],
  ])('%s', async (_, attack, rule) => {
    expect((await failureOf(certify(attack()))).params['rule']).toMatch(rule);
  });

  it('are signed where nothing is wrong', async () => {
    await expect(certify(leaf())).resolves.toHaveProperty('signature');
  });
});

describe('revocation lists', () => {
  const all = (): CrlEntry[] => [entry(revoked.serial)];
  it.each<[string, () => List, RegExp]>([
    ['all entries dropped', () => ({ number: 8, entries: [] }), /lost the entry/u],
    ['another entry in its place', () => ({ number: 8, entries: [entry(newSerial())] }), /lost the entry/u],
    ['an end in 2120', () => ({ number: 8, entries: all(), nextUpdate: Date.UTC(2120, 0, 1) }), /ends within/u],
    ['a start ten years ago', () => ({ number: 8, entries: [], thisUpdate: bench.clock.now() - 3650 * day }), /in the past/u],
    ['the same serial number twice', () => ({ number: 8, entries: [...all(), ...all()] }), /twice/u],
    ['another distribution point', () => ({ number: 8, entries: all(), uri: 'http://attacker.example/0.crl' }), /distribution point/u],
    ['the same number with other content', () => ({ number: 7, entries: [...all(), entry(newSerial())] }), /not higher/u],
  ])('%s', async (_, attack, rule) => {
    expect((await failureOf(signList(attack()))).params['rule']).toMatch(rule);
  });

  it('number 1 again, after a new start of the signer', async () => {
    await bench.service.close();
    bench = new SignerBench({ folder, points });
    await bench.start();
    await open();
    expect((await failureOf(signList({ number: 1, entries: all() }))).params['rule']).toMatch(/not higher than the last one, 7/u);
    await expect(signList({ number: 8, entries: all() })).resolves.toHaveProperty('signature');
  });
});

it('a ceremony signs no CA for a key that the attacker has', async () => {
  await bench.client('session.close', { why: 'the next attack' });
  await bench.openSession({
    ...bench.ceremonyTerms(token),
    authorities: [{ key: made.root.proof.key, certificate: made.root.certificate, profiles: ['issuer'] }],
  });
  const { tbs } = buildIssuerTbs({
    subject: { organization: 'Test', commonName: 'Attacker' },
    spki: newKey(),
    serial: newSerial(),
    now: bench.clock.now(),
    days: 365,
    issuer: made.root.issuer,
    crlUri: crlUri(crlBase, 'root'),
  });
  const asked = bench.client('sign.certificate', { key: made.root.proof.key, profile: 'issuer', tbs });
  expect((await failureOf(asked)).params['rule']).toMatch(/on the token/u);
  await bench.client('session.close', { why: 'the test is over' });
});

describe('a signer that lost its records', () => {
  it('opens no session, and goes on above the numbers that an officer let it take', async () => {
    await bench.service.close();
    for (const part of ['', '-wal', '-shm']) rmSync(join(folder.dir, `memory.db${part}`), { force: true });
    bench = new SignerBench({ folder, points });
    await bench.start();
    expect((await failureOf(open())).code).toBe('SIGNER_MEMORY_LOST');
    const { ckaId } = made.issuer.proof.key;
    const told = (number: number, ...uris: string[]): Partial<SessionTerms> => ({
      relearn: uris.map((one) => ({ ckaId, uri: one, number })),
    });
    for (const lie of [told(8), told(8, ...points().slice(1)), told(0, ...points())])
      expect((await failureOf(bench.client('session.request', terms(lie)))).params['rule']).toMatch(/above which number/u);
    await bench.openSession(terms(told(8, ...points())));
    expect((await failureOf(signList({ number: 8, entries: [] }))).params['rule']).toMatch(/not higher/u);
    await expect(signList({ number: 9, entries: [] })).resolves.toHaveProperty('signature');
  });
});
