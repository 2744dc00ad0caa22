import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { endGracePeriods, recoverUnfinished, rotate } from '../../../src-main/station/lifecycle/index.ts';
import { passRun } from '../../../src-main/station/line/verdict.ts';
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

const hourly = { graceHours: 24, endWhenSeen: false, override: 'test', actor: 'Olga', csr: Buffer.from([0x30, 0]) };
async function refusal(device: string): Promise<string> {
  const { registry, clock } = here;
  const never = {
    checkRequest: () => Promise.resolve({ spki: Buffer.alloc(1), spkiSha256: '' }),
    issue: () => Promise.reject(new Error('it was issued')),
  };
  try {
    await rotate({ registry, clock, issuance: never }, { device, ...hourly });
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'ROTATION_REFUSED') return String(thrown.params['problem']);
    throw thrown;
  }
  throw new Error('it was not refused');
}

test('what is revoked or has ended is not renewed, and the refusal says which, also before the clockwork has marked it', async () => {
  const { registry, clock } = here;
  const notAfter = new Date(clock.now() + 20 * 24 * hour).toISOString();
  const [waiting, revoked, over] = [here.run(), here.run(), here.run({ notAfter })];
  for (const { serial } of [revoked, over]) registry.certificates.activate(serial, 'line');
  registry.certificates.revoke(revoked.serial, 'keyCompromise', '', 'Olga');
  expect(await refusal(waiting.device)).toBe('it has no certificate in force yet');
  expect(await refusal(revoked.device)).toBe(`serial ${revoked.serial} was revoked ${registry.now()} (keyCompromise)`);
  clock.pass(20 * 24 * hour);
  const ended = `serial ${over.serial} ended ${notAfter}, so there is nothing to renew`;
  expect(await refusal(over.device)).toBe(ended);
  clock.pass(1);
  expect(here.status(over.serial)).toBe('EXPIRED');
  expect(await refusal(over.device)).toBe(ended);
});

test('what has ended is EXPIRED whoever issued it, and is what it was when the clock was only ahead', () => {
  const { registry, clock } = here;
  const soon = new Date(clock.now() + hour).toISOString();
  const [a, b] = [here.run({ notAfter: soon }), here.run({ notAfter: soon })];
  for (const { serial } of [a, b]) registry.certificates.activate(serial, 'line');
  registry.certificates.rotate(b.serial, { graceUntil: new Date(clock.now() + 24 * hour).toISOString(), endWhenSeen: false }, 'Olga');
  registry.issuers.retire('device-1', 'Olga');
  clock.pass(hour + 1);
  expect([here.status(a.serial), here.status(b.serial)]).toEqual(['EXPIRED', 'EXPIRED']);
  expect(registry.certificates.admitted()).toEqual([]);
  clock.pass(-hour);
  expect([here.status(a.serial), here.status(b.serial)]).toEqual(['ACTIVE', 'ROTATING']);
  expect(registry.certificates.admitted()).toEqual([a.device, b.device].sort());
  // What is ended while the clock is ahead stays ended.
  clock.pass(hour);
  expect(registry.certificates.revoke(a.serial, 'keyCompromise', '', 'Olga')).toBe(true);
  clock.pass(-hour);
  expect(here.status(a.serial)).toBe('REVOKED');
});

test('the newest certificate of a device is the one that was made last, also when the clock was set back between', () => {
  const { registry, clock } = here;
  const first = here.run({ hardwareId: 'HW-1' });
  passRun(registry, first.run, first.device, first.serial, 'Tess');
  clock.pass(-400 * 24 * hour);
  const second = here.run({ hardwareId: 'HW-1' });
  passRun(registry, second.run, second.device, second.serial, 'Tess');
  expect(registry.devices.get(first.device)?.status).toBe('ACTIVE');
});
