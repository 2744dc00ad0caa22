import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hearInUse, inUseText } from '../../../src-main/station/lifecycle/index.ts';
import { TestCa } from '../../support/pki.ts';
import { order, TestRegistry } from '../../support/registry.ts';
import { X509Certificate } from 'node:crypto';

const ca = new TestCa('Issuer');
let here: TestRegistry;
let device: string;
let old: string;
let successor: string;
let key: string;
const grace = (endWhenSeen: boolean) => ({ graceUntil: new Date(here.clock.now() + 86_400_000).toISOString(), endWhenSeen });

/** A device whose certificate is being replaced; the successor has a real key. */
function rotating(endWhenSeen: boolean): void {
  ({ device, serial: old } = here.run());
  here.registry.certificates.activate(old, 'line');
  const made = ca.issue(device);
  const { raw, serialNumber } = new X509Certificate(made.certificatePem);
  key = made.keyPem;
  successor = serialNumber.padStart(40, '0');
  const names = {
    serial: successor,
    issuer: 'device-1',
    partition: 0,
    use: 'device' as const,
    device,
    run: null,
    order: order.id,
    spkiSha256: 'ab'.repeat(32),
  };
  const { registry } = here;
  registry.certificates.reserve({ ...names, notBefore: registry.now(), notAfter: '2027-06-01T00:00:00.000Z', replaces: old }, 'Olga');
  registry.certificates.signed(successor, raw, serialNumber.padStart(64, '0'), 'Olga');
  registry.certificates.activate(successor, 'Olga');
  registry.certificates.rotate(old, grace(endWhenSeen), 'Olga');
}
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const topicOf = (name: string): string => `tenant/${name.replace('/', '/device/')}/certificates/in-use`;
const signed = (text: string, by: string | KeyObject = key): string => sign('sha256', Buffer.from(text), by).toString('base64');
const claim = (change: { serial?: string; text?: string; by?: KeyObject } = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      serial_number: change.serial ?? successor,
      signature: signed(change.text ?? inUseText(device, successor), change.by ?? key),
    }),
  );
const hear = (payload: Uint8Array, topic = topicOf(device)) => hearInUse(here.registry, topic, payload);

test('the old certificate is revoked as soon as the new key has spoken, once, where that was chosen', () => {
  rotating(true);
  expect(here.registry.certificates.rotations({ limit: 9 }).rows).toMatchObject([
    { device, serial: old, successor, endsWhenSeen: true, seenAt: null },
  ]);
  expect(hear(claim())).toEqual({ device, seen: true, doubt: null });
  expect(here.registry.revocations.get(old)).toMatchObject({ reason: 'superseded', operator: device });
  expect([here.status(old), here.status(successor)]).toEqual(['REVOKED', 'ACTIVE']);
  expect(hear(claim())).toBeNull();
  expect(here.registry.certificates.rotations({ limit: 9 }).rows).toEqual([]);
  expect(here.registry.store.auditProblems().problems).toEqual([]);
});

test('where the end of the grace period was chosen it is noted, and nothing is revoked', () => {
  rotating(false);
  expect(hear(claim())).toMatchObject({ seen: true, doubt: null });
  expect(hear(claim())).toMatchObject({ seen: false, doubt: null });
  expect(here.status(old)).toBe('ROTATING');
  expect(here.registry.certificates.rotations({ limit: 1 }).rows[0]?.seenAt).toBe(here.registry.now());
});

describe('what does not prove the new key ends nothing', () => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  test.each<[string, () => Uint8Array]>([
    ['another key', () => claim({ by: stranger })],
    ['a signature over another device', () => claim({ text: inUseText('acme/other', successor) })],
    ['a signature over another serial number', () => claim({ text: inUseText(device, old) })],
    ['the old certificate', () => claim({ serial: old })],
    ['no JSON', () => Buffer.from('in use')],
    ['JSON that is something else', () => Buffer.from('[1]')],
    ['no signature', () => Buffer.from(JSON.stringify({ serial_number: successor, signature: '' }))],
    ['nothing', () => Buffer.alloc(0)],
    ['far too much', () => Buffer.concat([claim(), Buffer.alloc(5000, 0x20)])],
  ])('%s', (_, payload) => {
    rotating(true);
    expect(hear(payload())).toMatchObject({ seen: false, doubt: expect.any(String) as string });
    expect(here.status(old)).toBe('ROTATING');
  });

  test('another topic, or a device that is not being rotated', () => {
    rotating(true);
    for (const topic of [
      topicOf('acme/unknown'),
      'tenant/acme/device/~/certificates/in-use',
      'tenant/a/b/device/c/certificates/in-use',
      'x',
    ])
      expect(hear(claim(), topic)).toBeNull();
    expect(here.status(old)).toBe('ROTATING');
  });
});

test('a successor that was revoked meanwhile ends no grace period', () => {
  rotating(true);
  here.registry.certificates.revoke(successor, 'keyCompromise', '', 'Olga');
  expect(hear(claim())).toBeNull();
  expect(here.status(old)).toBe('ROTATING');
});
