import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { issuerId, order, TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => {
  vi.restoreAllMocks();
  here.dispose();
});

const everything = (): unknown => {
  const { db } = here.registry.store;
  return ['certificates', 'revocations', 'outbox', 'audit', 'audit_head', 'devices', 'runs', 'crls'].map((table) =>
    db.prepare(`SELECT * FROM ${table}`).all(),
  );
};

test('change, audit line and outbox row are one transaction: a throw in between leaves none of them', () => {
  const { registry } = here;
  const { serial } = here.run();
  const active = here.run().serial;
  registry.certificates.activate(active, 'line');
  const reserved = here.run({ signed: false }).serial;
  const before = JSON.stringify(everything());
  const changes = {
    sign: () => here.sign(reserved),
    activate: () => registry.certificates.activate(serial, 'line'),
    revoke: () => registry.certificates.revoke(active, 'keyCompromise', '', 'officer'),
    register: () => registry.devices.register({ hardwareId: 'NEW', model: '', firmware: '', locked: false }, order, 'line'),
  };
  for (const [name, change] of Object.entries(changes)) {
    for (const part of ['audit', 'owe'] as const) {
      const broken = vi.spyOn(registry.store, part).mockImplementation(() => {
        throw new Error(`no ${part}`);
      });
      expect(change, `${name} without ${part}`).toThrow(`no ${part}`);
      broken.mockRestore();
      expect(JSON.stringify(everything()), `${name} without ${part}`).toBe(before);
    }
  }
});

test('the outbox forgets what was delivered, and keeps what came meanwhile', () => {
  const { store } = here.registry;
  const one = here.run();
  const upTo = store.outbox().last;
  here.registry.certificates.activate(one.serial, 'line');
  store.delivered(upTo);
  expect(store.outbox().waiting).toBe(1);
  store.delivered(store.outbox().last);
  here.run();
  // A number is never given twice, or a row could be taken for a delivered one.
  expect(store.outbox().last).toBeGreaterThan(upTo + 1);
});

test('CRL numbers only grow, also over a crash between taking one and recording it', () => {
  const scope = { issuer: issuerId, partition: 0 };
  const numbers = [here.registry.crls.nextNumber(scope), here.registry.crls.nextNumber(scope)];
  const again = here.reopen().crls;
  numbers.push(again.nextNumber(scope));
  expect(numbers).toEqual([1, 2, 3]);
  // Each partition counts for itself, and what was seen elsewhere is never given again.
  expect(again.nextNumber({ ...scope, partition: 1 })).toBe(1);
  expect(again.nextNumber({ ...scope, issuer: 'another' })).toBe(1);
  expect(again.nextNumber(scope, 40)).toBe(41);
  expect(again.nextNumber(scope, 7)).toBe(42);
});

test('a revocation is in one CRL, the first, and keeps its times', () => {
  const { revocations, certificates, crls } = here.registry;
  const { serial } = here.run();
  expect(certificates.revoke(serial, 'keyCompromise', 'lost', 'officer')).toBe(true);
  expect(certificates.revoke(serial, 'superseded', 'again', 'line')).toBe(false);
  const crl = {
    issuer: issuerId,
    partition: 0,
    thisUpdate: here.registry.now(),
    nextUpdate: here.registry.now(),
    entries: 1,
    bytes: 1,
    sha256: 'a'.repeat(64),
    signature: Buffer.alloc(8),
    namesPoint: false,
  };
  const content = { upTo: 1, keepAfter: crl.thisUpdate };
  crls.record({ ...crl, number: 7 }, content, 'Olga');
  crls.record({ ...crl, number: 8 }, content, 'Olga');
  expect(() => crls.record({ ...crl, number: 8 }, content, 'Olga')).toThrow(/UNIQUE/u);
  expect(revocations.get(serial)).toMatchObject({ state: 'RECORDED', crlNumber: 7, reason: 'keyCompromise', operator: 'officer' });
  revocations.published([serial]);
  const first = revocations.get(serial)?.publishedAt;
  here.clock.pass(1000);
  revocations.published([serial]);
  expect(revocations.get(serial)).toMatchObject({ state: 'PUBLISHED', publishedAt: first });
  revocations.effective([{ serial: serial, liveSessionGoneMs: 12 }]);
  here.clock.pass(1000);
  revocations.effective([{ serial: serial, liveSessionGoneMs: 99 }]);
  expect(revocations.get(serial)).toMatchObject({ state: 'EFFECTIVE', liveSessionGoneMs: 12 });
  expect(revocations.waiting()).toEqual([]);
});

test('a run’s PASS and FAIL are final; NOT_VERIFIED needs a deadline', () => {
  const { runs, store } = here.registry;
  const { run } = here.run();
  expect(() => store.transaction(() => runs.end(run, 'NOT_VERIFIED', {}))).toThrow();
  runs.end(run, 'NOT_VERIFIED', { deadline: here.registry.now() });
  runs.end(run, 'PASS', {});
  for (const verdict of ['PASS', 'FAIL'] as const) expect(() => runs.end(run, verdict, {})).toThrow(/final verdict/u);
});

test('a unit counts once in its order, by its newest run; a look at a finished unit does not count', () => {
  const { runs } = here.registry;
  const end = (hardwareId: string, verdict: 'PASS' | 'FAIL', code?: 'NO_RESPONSE' | 'HAS_IDENTITY'): void => {
    const { run } = here.run({ hardwareId });
    here.clock.pass(1000);
    runs.end(run, verdict, code === undefined ? {} : { failure: { code, params: {}, retry: 'same' } });
  };
  end('A', 'FAIL', 'NO_RESPONSE');
  end('A', 'PASS');
  end('A', 'FAIL', 'HAS_IDENTITY');
  end('B', 'PASS');
  end('C', 'FAIL', 'NO_RESPONSE');
  expect(runs.progress(order)).toMatchObject({ passed: 2, failed: 1, notVerified: 0 });
});

test('a unit keeps its device, and numbers of an order are not given twice', () => {
  const { devices } = here.registry;
  const unit = (hardwareId: string) => ({ hardwareId, model: 'S1', firmware: '1', locked: false });
  const names = ['A', 'B', 'A', 'C'].map((id) => devices.register(unit(id), order, 'line').device);
  expect(names).toEqual(['acme/S-000001', 'acme/S-000002', 'acme/S-000001', 'acme/S-000003']);
});

test('a key belongs to one device for ever', () => {
  const { devices } = here.registry;
  const [a, b] = [here.run().device, here.run().device];
  devices.claimKey('aa', a);
  devices.claimKey('aa', a);
  expect(() => devices.claimKey('aa', b)).toThrow(expect.objectContaining({ code: 'KEY_REUSED', params: { device: a } }) as Error);
});

test('search takes LIKE’s own wildcards literally', () => {
  const { certificates, devices } = here.registry;
  for (const name of ['acme/50%', 'acme/50x', 'acme/a_b', 'acme/a-b', 'acme/c\\d', "acme/o'x"]) here.reserve(name);
  const found = (search: string): string[] => certificates.list({ search, limit: 100 }).rows.map((row) => row.device);
  expect(found('50%')).toEqual(['acme/50%']);
  expect(found('a_b')).toEqual(['acme/a_b']);
  expect(found('c\\d')).toEqual(['acme/c\\d']);
  expect(found("o'x")).toEqual(["acme/o'x"]);
  expect(found('%')).toEqual(['acme/50%']);
  expect(found('')).toHaveLength(6);
  for (let i = 0; i < 7; i++) here.run({ hardwareId: `HW%${String(i)}` });
  expect(devices.list({ search: 'HW%', limit: 3 }).total).toBe(7);
  expect(devices.list({ search: 'HW_', limit: 3 }).total).toBe(0);
});

test('passwords: right, wrong, unknown name, none set; the same password in another Unicode form is the same', () => {
  const { operators, store } = here.registry;
  store.transaction(() => {
    operators.add('Ada', 'officer', 'pässword-1', 'test');
    operators.add('Open', 'technician', null, 'test');
  });
  expect(operators.check('Ada', 'pässword-1')).toMatchObject({ name: 'Ada', role: 'officer', passwordSet: true });
  expect(operators.check('Ada', 'pässword-1'.normalize('NFD'))).not.toBeNull();
  for (const [name, password] of [
    ['Ada', 'password-1'],
    ['Ada', ''],
    ['Bob', 'pässword-1'],
    ['ada', 'pässword-1'],
  ] as const)
    expect(operators.check(name, password)).toBeNull();
  expect(operators.check('Open', 'anything')).toMatchObject({ name: 'Open', passwordSet: false });
  const stored = store.db.prepare<unknown[], Record<string, unknown>>('SELECT password FROM operators WHERE name = ?').get('Ada')?.[
    'password'
  ];
  expect(String(stored)).toMatch(/^[0-9a-f]{32}:[0-9a-f]{64}$/u);
});
