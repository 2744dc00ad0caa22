import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateStatuses, type CertificateStatus } from '../../../src-main/contract/index.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

type Action = 'sign' | 'activate' | 'rotate' | 'revoke' | 'expire';

/** The one-way street as the contract tells it; null: the registry must refuse. */
const model: Record<CertificateStatus, Record<Action, CertificateStatus | null>> = {
  RESERVED: { sign: 'SIGNED', activate: null, rotate: null, revoke: 'REVOKED', expire: 'EXPIRED' },
  SIGNED: { sign: 'SIGNED', activate: 'ACTIVE', rotate: null, revoke: 'REVOKED', expire: 'EXPIRED' },
  ACTIVE: { sign: null, activate: 'ACTIVE', rotate: 'ROTATING', revoke: 'REVOKED', expire: 'EXPIRED' },
  ROTATING: { sign: null, activate: null, rotate: null, revoke: 'REVOKED', expire: 'EXPIRED' },
  EXPIRED: { sign: null, activate: null, rotate: null, revoke: 'EXPIRED', expire: 'EXPIRED' },
  REVOKED: { sign: null, activate: null, rotate: null, revoke: 'REVOKED', expire: 'REVOKED' },
};

test('whatever is asked for in whatever order, a status only moves forward, and each change is in audit and outbox', () => {
  const { registry, clock } = here;
  const actions = fc.array(fc.constantFrom<Action>('sign', 'activate', 'rotate', 'revoke', 'expire'), { maxLength: 8 });
  fc.assert(
    fc.property(actions, (asked) => {
      const notAfter = new Date(clock.now() + 1000).toISOString();
      const serial = here.reserve('acme/x', null, notAfter);
      let expected: CertificateStatus = 'RESERVED';
      for (const action of asked) {
        const before = { audit: registry.store.auditHead().seq, owed: registry.store.outbox().waiting };
        const next: CertificateStatus | null = model[expected][action];
        const act = (): unknown => {
          if (action === 'sign') return here.sign(serial);
          if (action === 'activate') return registry.certificates.activate(serial, 'line');
          if (action === 'rotate') return registry.certificates.rotate(serial, { graceUntil: notAfter, endWhenSeen: false }, 'line');
          if (action === 'revoke') return registry.certificates.revoke(serial, 'unspecified', '', 'line');
          clock.pass(2000);
          return registry.certificates.expire('upkeep');
        };
        if (next === null) expect(act, `${action} when ${expected}`).toThrow();
        else act();
        const after = { audit: registry.store.auditHead().seq, owed: registry.store.outbox().waiting };
        if (next === null) expect(after).toEqual(before);
        else if (next !== expected) expect([after.audit > before.audit, after.owed > before.owed]).toEqual([true, true]);
        expected = next ?? expected;
        expect(here.status(serial)).toBe(expected);
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
    const serial = here.reserve('acme/x');
    if (from !== 'RESERVED') here.sign(serial);
    if (from === 'REVOKED') here.registry.certificates.revoke(serial, 'unspecified', '', 'line');
    else db.prepare('UPDATE certificates SET status = ?, grace_until = not_after WHERE serial = ?').run(from, serial);
    const final = from === 'EXPIRED' || from === 'REVOKED';
    for (const to of certificateStatuses.filter((status) => (final ? status !== from : certificateStatuses.indexOf(status) < index))) {
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
