import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateStatuses, type CertificateStatus } from '../../../src-main/contract/index.ts';
import { TestRegistry } from '../../support/registry.ts';
import { thrownBy } from '../../support/thrown.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

type Recorded = Exclude<CertificateStatus, 'EXPIRED'>;
type Action = 'sign' | 'activate' | 'rotate' | 'revoke';

/** The one-way street as the contract tells it; null: the registry must refuse. */
const model: Record<Recorded, Record<Action, Recorded | null>> = {
  RESERVED: { sign: 'SIGNED', activate: null, rotate: null, revoke: 'REVOKED' },
  SIGNED: { sign: 'SIGNED', activate: 'ACTIVE', rotate: null, revoke: 'REVOKED' },
  ACTIVE: { sign: null, activate: 'ACTIVE', rotate: 'ROTATING', revoke: 'REVOKED' },
  ROTATING: { sign: null, activate: null, rotate: null, revoke: 'REVOKED' },
  REVOKED: { sign: null, activate: null, rotate: null, revoke: 'REVOKED' },
};

test('whatever is asked for in whatever order, a status only moves forward, and each change is in audit and outbox', () => {
  const { registry, clock } = here;
  const actions = fc.array(fc.constantFrom<Action | 'ahead' | 'back'>('sign', 'activate', 'rotate', 'revoke', 'ahead', 'back'), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(actions, (asked) => {
      const notAfter = new Date(clock.now() + 1000).toISOString();
      const serial = here.reserve('acme/x', null, notAfter);
      let expected: Recorded = 'RESERVED';
      for (const action of asked) {
        if (action === 'ahead' || action === 'back') {
          clock.ms = Date.parse(notAfter) + (action === 'ahead' ? 1000 : -1000);
          continue;
        }
        const ended = clock.now() > Date.parse(notAfter);
        const before = { audit: registry.store.auditHead().seq, owed: registry.store.outbox().waiting };
        const next: Recorded | null = model[expected][action];
        const act = (): unknown => {
          if (action === 'sign') return here.sign(serial);
          if (action === 'activate') return registry.certificates.activate(serial, 'line');
          if (action === 'rotate') return registry.certificates.rotate(serial, { graceUntil: notAfter, endWhenSeen: false }, 'line');
          return registry.certificates.revoke(serial, 'unspecified', '', 'line');
        };
        const thrown = thrownBy(act);
        expect(thrown !== undefined, `${action} when ${expected}`).toBe(next === null);
        const after = { audit: registry.store.auditHead().seq, owed: registry.store.outbox().waiting };
        const grew = [after.audit > before.audit, after.owed > before.owed];
        // Asked for what is so already, it may record that it was asked.
        const recorded = next === expected ? (expect.any(Boolean) as boolean) : next !== null;
        expect(grew, `${action} when ${expected}`).toEqual([recorded, recorded]);
        expected = next ?? expected;
        expect(here.status(serial)).toBe(ended && expected !== 'REVOKED' ? 'EXPIRED' : expected);
        // Revoked certificates have a record for ever, others have none.
        expect(registry.revocations.get(serial) !== null).toBe(expected === 'REVOKED');
      }
    }),
    { numRuns: 150 },
  );
  expect(registry.store.auditProblems().problems).toEqual([]);
});

test('SQL that tries to turn a status back, or to delete a record, is refused by the database itself', () => {
  const { db } = here.registry.store;
  for (const [index, from] of certificateStatuses.entries()) {
    if (from === 'EXPIRED') continue;
    const serial = here.reserve('acme/x');
    if (from !== 'RESERVED') here.sign(serial);
    if (from === 'REVOKED') here.registry.certificates.revoke(serial, 'unspecified', '', 'line');
    else db.prepare('UPDATE certificates SET status = ?, grace_until = not_after WHERE serial = ?').run(from, serial);
    for (const to of certificateStatuses.filter((status, at) => at < index || status === 'EXPIRED')) {
      expect(() => db.prepare('UPDATE certificates SET status = ? WHERE serial = ?').run(to, serial), `${from} → ${to}`).toThrow(
        /forward only/u,
      );
    }
    expect(() => db.prepare('DELETE FROM certificates WHERE serial = ?').run(serial)).toThrow(/kept/u);
  }
  expect(() => db.exec('DELETE FROM revocations')).toThrow(/final/u);
  expect(() => db.exec("UPDATE audit SET actor = 'x'")).toThrow(/not changed/u);
  expect(() => db.exec('DELETE FROM audit')).toThrow(/kept/u);
});

test('a certificate cannot be SIGNED or ACTIVE without its bytes', () => {
  const serial = here.reserve('acme/x');
  const { db } = here.registry.store;
  for (const status of ['SIGNED', 'ACTIVE'])
    expect(() => db.prepare('UPDATE certificates SET status = ? WHERE serial = ?').run(status, serial)).toThrow(/CHECK/u);
});

test('a serial number is used once', () => {
  const { serial } = here.run();
  expect(() => here.reserve('acme/other', null, undefined, serial)).toThrow(/UNIQUE/u);
});
