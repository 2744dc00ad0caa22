import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noticeDays } from '../../../src-main/station/registry/notices.ts';
import { issuerId, TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const day = 86_400_000;
/** A certificate in force that ends after so many days from now. */
function active(days: number): string {
  const { serial } = here.run({ notAfter: new Date(here.clock.now() + days * day).toISOString() });
  here.registry.certificates.activate(serial, 'line');
  return serial;
}
const told = (serial: string): number[] =>
  (
    here.registry.store.db.prepare('SELECT days FROM notices WHERE serial = ? ORDER BY at, days DESC').all(serial) as { days: number }[]
  ).map(({ days }) => days);
const record = (): number => here.registry.notices.record();

test('each threshold is told once, as the days go by', () => {
  const serial = active(40);
  for (let hour = 0; hour < 41 * 24; hour++) {
    record();
    here.clock.pass(day / 24);
  }
  expect(told(serial)).toEqual([30, 14, 7, 3, 1]);
});

test('after a time off only the nearest is told; a clock that jumps repeats nothing', () => {
  const { registry, clock } = here;
  const serial = active(40);
  clock.pass(35 * day);
  expect(record()).toBe(1);
  expect(told(serial)).toEqual([7]);
  for (const days of [-30, 28, -400, 402]) {
    clock.pass(days * day);
    record();
  }
  expect(told(serial)).toEqual([7]);
  clock.pass(3 * day);
  record();
  expect(told(serial)).toEqual([7, 3]);
  here.reopen();
  expect(here.registry.notices.record()).toBe(0);
  expect(registry).not.toBe(here.registry);
});

test('whatever the clock does, no threshold is told twice, and never a farther one after a nearer one', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 20 }), (jumps) => {
      const serial = active(45);
      const start = here.clock.now();
      for (const days of jumps) {
        here.clock.pass(days * day);
        record();
      }
      const said = told(serial).sort((a, b) => b - a);
      expect(new Set(said).size).toBe(said.length);
      expect(said.every((days) => noticeDays.some((known) => known === days))).toBe(true);
      here.clock.pass(start - here.clock.now());
    }),
    { numRuns: 50 },
  );
});

test('what is revoked, replaced or over is not told of, nor sent', () => {
  const { certificates, notices } = here.registry;
  const [revoked, replaced, over, good] = [active(5), active(5), active(0.5), active(5)];
  certificates.revoke(revoked, 'superseded', '', 'Olga');
  certificates.rotate(replaced, { graceUntil: here.registry.now(), endWhenSeen: false }, 'Olga');
  here.clock.pass(day);
  expect(record()).toBe(1);
  expect([revoked, replaced, over, good].map((serial) => told(serial))).toEqual([[], [], [], [7]]);
  const [waiting] = notices.unpublished(10);
  expect(waiting).toMatchObject({ serial: good, days: 7, publishedAt: null });
  certificates.revoke(good, 'keyCompromise', '', 'Olga');
  expect(notices.unpublished(10)).toEqual([]);
});

test('many at once come in batches, each once', () => {
  for (let n = 0; n < 620; n++) active(10);
  expect([record(), record(), record()]).toEqual([500, 120, 0]);
});

test('brokers’ certificates are told of, but not sent to anybody', () => {
  const { registry, clock } = here;
  const server = 'EE'.repeat(20);
  const names = { serial: server, issuer: issuerId, partition: 0, use: 'server' as const, device: 'mqtt.example', run: null, order: null };
  const validity = { notBefore: registry.now(), notAfter: new Date(clock.now() + 2 * day).toISOString() };
  registry.certificates.reserve({ ...names, ...validity, spkiSha256: 'ab'.repeat(32) }, 'Olga');
  here.sign(server);
  expect(record()).toBe(0);
  registry.certificates.activate(server, 'Olga');
  expect(record()).toBe(1);
  expect(told(server)).toEqual([3]);
  expect(registry.notices.unpublished(10)).toEqual([]);
});
