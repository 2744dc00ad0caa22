import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceName } from '../../../src-main/contract/index.ts';
import { recordsStation } from '../../../src-main/station/lifecycle/own-certificates.ts';
import { OwnEnds } from '../../../src-main/station/lifecycle/own-ends.ts';
import { loadIdentity, OwnIdentities } from '../../../src-main/station/setup/index.ts';
import {
  finishReplacement,
  installIdentities,
  replaceIdentity,
  stageIdentity,
  type IdentityName,
} from '../../../src-main/station/setup/identities.ts';
import { TestCa } from '../../support/pki.ts';
import { TestRegistry } from '../../support/registry.ts';

const ca = new TestCa('Issuer');
const day = 86_400_000;
const now = Date.now();
let dir: string;
function saveIdentity(folder: string, name: IdentityName, identity: typeof first): void {
  stageIdentity(folder, name, identity);
  installIdentities(folder);
}
const secrets = (): string[] => readdirSync(join(dir, 'secrets')).sort();
const endsAt = (time: number): OwnEnds =>
  new OwnEnds({ identities: new OwnIdentities(dir), clock: { now: () => time }, runsBroker: true, httpHosts: () => [] });
const path = (name: string): string => join(dir, 'secrets', name);
const [first, second] = [ca.issue('birthmark:observer'), ca.issue('birthmark:observer')];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'birthmark-own-'));
  saveIdentity(dir, 'observer', first);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a replacement that a crash cut off is ended as a whole, whichever of its steps was the last', () => {
  const whole = secrets();
  replaceIdentity(dir, 'observer', second);
  expect(loadIdentity(dir, 'observer').keyPem).toBe(second.keyPem);
  const steps: [how: () => void, then: typeof first][] = [
    [() => writeFileSync(path('observer.next.crt.pem'), second.certificatePem), first],
    [() => writeFileSync(path('observer.next.crt.pem'), second.certificatePem.slice(0, 100)), first],
    [
      () => {
        writeFileSync(path('observer.next.crt.pem'), second.certificatePem);
        writeFileSync(path('observer.next.key.pem'), second.keyPem);
      },
      first,
    ],
    [
      () => {
        writeFileSync(path('observer.next.crt.pem'), second.certificatePem);
        writeFileSync(path('observer.next.key.pem'), second.keyPem);
        renameSync(path('observer.next.key.pem'), path('observer.key.pem'));
      },
      second,
    ],
  ];
  for (const [crash, then] of steps) {
    saveIdentity(dir, 'observer', first);
    crash();
    for (let start = 0; start < 2; start++) finishReplacement(dir, 'observer');
    expect(loadIdentity(dir, 'observer')).toEqual({ keyPem: then.keyPem, certificatePem: then.certificatePem });
    expect(secrets()).toEqual(whole);
  }
});

test('whoever holds an identity has the new pair after a renewal', () => {
  for (const name of ['good-canary', 'revoked-canary', 'broker'] as IdentityName[]) saveIdentity(dir, name, first);
  const identities = new OwnIdentities(dir);
  const { observer } = identities;
  identities.replace('observer', second);
  expect([observer.keyPem, observer.certificatePem]).toEqual([second.keyPem, second.certificatePem]);
  expect(new OwnIdentities(dir).observer.keyPem).toBe(second.keyPem);
});

test.each([
  [-400, [], []],
  [300, [], []],
  [334.9, [], []],
  [335.1, ['observer', 'broker'], []],
  [351.1, ['observer', 'broker'], ['observer', 'broker']],
  [500, ['observer', 'broker'], ['observer', 'broker']],
])('%d days later: what is due, and what is an alarm', (days, due, late) => {
  const end = { notAfter: new Date(now + 365 * day) };
  for (const name of ['good-canary', 'revoked-canary', 'broker', 'observer'] as IdentityName[])
    saveIdentity(dir, name, ca.issue('birthmark:x', end));
  const ends = endsAt(now + days * day);
  expect(ends.due()).toEqual(due);
  expect(ends.late().map(({ name }) => name)).toEqual(late);
});

test('a certificate for central databases is looked after once there is one', () => {
  const end = { notAfter: new Date(now + 10 * day) };
  for (const name of ['good-canary', 'revoked-canary', 'broker', 'observer'] as IdentityName[])
    saveIdentity(dir, name, ca.issue('birthmark:x'));
  const due = (): string[] => endsAt(now).due();
  expect(due()).toEqual([]);
  saveIdentity(dir, 'records', ca.issue('birthmark:records-1f2e3d4c', end));
  expect(due()).toEqual(['records']);
});

test('the ID of a station in central databases is chosen once, and no service can be called like that', () => {
  const made = new TestRegistry();
  const of = (): string => recordsStation(made.registry.settings);
  const id = of();
  expect(id).toMatch(/^[0-9a-f]{8}$/u);
  expect(of()).toBe(id);
  made.reopen();
  expect(of()).toBe(id);
  expect(ServiceName.safeParse(`records-${id}`).success).toBe(false);
  made.dispose();
});
