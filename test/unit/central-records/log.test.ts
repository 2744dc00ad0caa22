import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, RecordsHost } from '../../../src-main/contract/index.ts';
import { TestRegistry } from '../../support/registry.ts';

/** The log of what central databases are owed: nothing without one, everything for a new one, kept until each of them has it. */
let made: TestRegistry;
beforeEach(() => (made = new TestRegistry()));
afterEach(() => made.dispose());

const at = RecordsHost.parse({ host: 'db.example' });
const lines = (): number =>
  Number(made.registry.store.db.prepare<unknown[], Record<string, unknown>>('SELECT count(*) AS n FROM records_log').get()?.['n']);
const active = (): { device: string; serial: string } => {
  const run = made.run();
  made.registry.certificates.activate(run.serial, 'line');
  return run;
};
const drain = (name: string): void => {
  const { records } = made.registry;
  for (let stretch = records.next(name, 2); stretch !== null; stretch = records.next(name, 2)) records.sent(name, stretch);
};

test('without a database nothing is logged; a new one is owed all that is there, but what was only reserved', () => {
  const { records } = made.registry;
  const { device, serial } = active();
  made.run({ signed: false });
  expect(lines()).toBe(0);
  records.use('a', at, 'officer');
  const stretch = records.next('a', 1000);
  expect(stretch === null ? null : records.certificates(stretch).map((row) => [row.serial, row.status])).toEqual([[serial, 'ACTIVE']]);
  expect(stretch === null ? [] : records.devices(stretch).map((row) => row.device)).toContain(device);
  expect(stretch === null ? [] : records.keys(stretch, 'audit')).toEqual([String(made.registry.store.auditHead().seq)]);
  expect(records.waiting('a')).toEqual({ waiting: lines(), oldest: made.registry.now() });
});

test('a change that was taken back is not owed', () => {
  const { records, store } = made.registry;
  records.use('a', at, 'officer');
  drain('a');
  expect(() =>
    store.transaction(() => {
      active();
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(records.waiting('a')).toEqual({ waiting: 0, oldest: null });
});

test('the log is kept until each database has it; one that is forgotten keeps nothing', () => {
  const { records } = made.registry;
  records.use('a', at, 'officer');
  records.use('b', at, 'officer');
  drain('b');
  const left = lines();
  expect(left).toBeGreaterThan(0);
  expect(records.waiting('a').waiting).toBe(left);
  expect(records.waiting('b').waiting).toBe(0);
  drain('a');
  expect(lines()).toBe(0);
  const before = made.registry.now();
  made.clock.pass(60_000);
  const { serial } = active();
  drain('a');
  expect(records.waiting('a').waiting).toBe(0);
  expect(records.waiting('b').waiting).toBe(lines());
  expect(records.waiting('b').oldest).not.toBe(before);
  made.registry.certificates.revoke(serial, 'superseded', '', 'officer');
  expect(records.forget('b', 'officer')).toBe(true);
  expect(records.forget('b', 'officer')).toBe(false);
  drain('a');
  expect(lines()).toBe(0);
  made.reopen();
  expect(made.registry.records.hosts().map(({ name }) => name)).toEqual(['a']);
  expect(made.registry.records.waiting('a').waiting).toBe(0);
});

test('what a database has otherwise stays told until the same record is sent without', () => {
  const { records, store } = made.registry;
  records.use('a', at, 'officer');
  drain('a');
  const send = (problem: boolean): void => {
    store.transaction(() => store.recorded('device', 'acme/x'));
    const stretch = records.next('a', 10);
    if (stretch === null) throw new Error('it was just logged');
    const failure = new Failure('RECORDS_DEVICE_TAKEN', { device: 'acme/x', other: 'Line 1' }).toData();
    records.sent('a', stretch, problem ? [{ kind: 'device', key: 'acme/x', failure }] : []);
  };
  send(true);
  send(true);
  expect(records.problems({ limit: 10 })).toMatchObject({
    total: 1,
    rows: [{ host: 'a', key: 'acme/x', failure: { code: 'RECORDS_DEVICE_TAKEN' } }],
  });
  send(false);
  expect(records.countProblems('a')).toBe(0);
});
