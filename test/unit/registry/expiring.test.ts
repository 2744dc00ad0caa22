import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExpiringCertificate } from '../../../src-main/contract/index.ts';
import { issuerId, TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const day = 86_400_000;
const after = (days: number): string => new Date(here.clock.now() + days * day).toISOString();
function active(days: number): string {
  const { serial } = here.run({ notAfter: after(days) });
  here.registry.certificates.activate(serial, 'line');
  return serial;
}
const within = (days: number): ExpiringCertificate[] => here.registry.certificates.expiring({ days, limit: 500 }).rows;
const serials = (days: number): string[] => within(days).map(({ serial }) => serial);

test('the certificates themselves are read: nothing has to have noticed them before', () => {
  const [later, soon] = [active(10.5), active(2)];
  active(60);
  expect(within(30)).toMatchObject([
    { serial: soon, daysLeft: 2, toldAt: null },
    { serial: later, daysLeft: 10, notAfter: after(10.5), toldAt: null },
  ]);
});

test('a certificate that ends exactly then is among them, one that ends a millisecond later is not', () => {
  const [exactly] = [active(7), active(7 + 1 / day)];
  expect(serials(7)).toEqual([exactly]);
  here.clock.pass(7 * day);
  expect(serials(7)).not.toContain(exactly);
});

test('what is revoked, replaced or over is not among them', () => {
  const { certificates } = here.registry;
  const [revoked, replaced, good] = [active(5), active(5), active(5)];
  active(0.5);
  certificates.revoke(revoked, 'superseded', '', 'Olga');
  certificates.rotate(replaced, { graceUntil: here.registry.now(), endWhenSeen: false }, 'Olga');
  here.clock.pass(day);
  expect(serials(30)).toEqual([good]);
});

test('a device that was told has the time of it, the newest', () => {
  const serial = active(10);
  const { notices } = here.registry;
  for (const days of [0, 5]) {
    here.clock.pass(days * day);
    notices.record();
    notices.unpublished(10).forEach((notice) => notices.published(notice));
  }
  expect(within(30)).toMatchObject([{ serial, daysLeft: 5, toldAt: here.registry.now() }]);
});

test('pages: all are counted, each comes once', () => {
  for (let n = 0; n < 12; n++) active(10);
  const page = (cursor: string | null) => here.registry.certificates.expiring({ days: 30, limit: 5, cursor });
  const [first, second] = [page(null), page(page(null).next)];
  const third = page(second.next);
  expect([first.total, third.rows.length, third.next]).toEqual([12, 2, null]);
  expect(new Set([first, second, third].flatMap(({ rows }) => rows.map(({ serial }) => serial))).size).toBe(12);
});

test('brokers’ certificates are among them, canaries’ are not', () => {
  const { certificates } = here.registry;
  const reserve = (serial: string, use: 'server' | 'canary-good'): void => {
    const names = { serial, issuer: issuerId, partition: 0, use, device: `${use}.example`, run: null, order: null };
    certificates.reserve(
      { ...names, notBefore: here.registry.now(), notAfter: after(2), spkiSha256: serial.slice(0, 2).repeat(32) },
      'Olga',
    );
    here.sign(serial);
    certificates.activate(serial, 'Olga');
  };
  reserve('EE'.repeat(20), 'server');
  reserve('DD'.repeat(20), 'canary-good');
  expect(within(30)).toMatchObject([{ serial: 'EE'.repeat(20), use: 'server', device: 'server.example' }]);
});
