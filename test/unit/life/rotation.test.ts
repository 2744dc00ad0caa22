import { afterEach, beforeEach, expect, test } from 'vitest';
import { endGracePeriods, recoverUnfinished } from '../../../src-main/station/life/index.ts';
import { order, TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const hour = 3_600_000;

test('a grace period ends on the clock, once, and not when the certificate was revoked before', () => {
  const { registry, clock } = here;
  const until = new Date(clock.now() + 24 * hour).toISOString();
  const [a, b] = [here.run(), here.run()];
  for (const { serial } of [a, b]) {
    registry.certificates.activate(serial, 'line');
    registry.certificates.rotate(serial, { graceUntil: until, endWhenSeen: false }, 'Olga');
  }
  registry.certificates.revoke(b.serial, 'keyCompromise', '', 'Olga');
  clock.pass(24 * hour - 1);
  expect(endGracePeriods(registry)).toBe(0);
  expect(here.status(a.serial)).toBe('ROTATING');
  // A clock that is set back and put right again repeats nothing.
  for (const [passed, ended] of [
    [1, 1],
    [-48 * hour, 0],
    [72 * hour, 0],
  ] as const) {
    clock.pass(passed);
    expect(endGracePeriods(registry)).toBe(ended);
  }
  expect(registry.revocations.get(a.serial)?.reason).toBe('superseded');
  expect(registry.revocations.get(b.serial)?.reason).toBe('keyCompromise');
});

test('what a stopped station had reserved or signed for a rotation is revoked; the old certificate stays in force', () => {
  const { registry } = here;
  const { device, serial: old } = here.run();
  registry.certificates.activate(old, 'line');
  const successor = (serial: string): string => {
    const names = { serial, issuer: 'device-1', use: 'device' as const, device, run: null, order: order.id, spkiSha256: 'ab'.repeat(32) };
    registry.certificates.reserve(
      { ...names, partition: 0, notBefore: '2026-06-01T00:00:00.000Z', notAfter: '2027-06-01T00:00:00.000Z', replaces: old },
      'Olga',
    );
    return serial;
  };
  const reserved = successor('0A'.repeat(20));
  const signed = successor('0B'.repeat(20));
  here.sign(signed);
  expect(recoverUnfinished(registry)).toBe(2);
  expect([reserved, signed, old].map((serial) => here.status(serial))).toEqual(['REVOKED', 'REVOKED', 'ACTIVE']);
  expect(recoverUnfinished(registry)).toBe(0);
});

test('only what is in force can be replaced', () => {
  const { registry } = here;
  const { serial } = here.run();
  expect(() => registry.certificates.rotate(serial, { graceUntil: registry.now(), endWhenSeen: false }, 'Olga')).toThrow(/not ACTIVE/u);
  expect(here.status(serial)).toBe('SIGNED');
});
