import { afterEach, beforeEach, expect, it } from 'vitest';
import { Failure, unwrap } from '../../../src-main/contract/index.ts';
import { issuerId, TestRegistry } from '../../support/registry.ts';

let given: TestRegistry;
beforeEach(() => {
  given = new TestRegistry();
});
afterEach(() => given.dispose());

it('the kept counts are what counting gives, after every kind of change', () => {
  const { registry } = given;
  const counted = (): Record<string, number> => {
    const counts: Record<string, number> = { RESERVED: 0, SIGNED: 0, ACTIVE: 0, ROTATING: 0, EXPIRED: 0, REVOKED: 0 };
    for (const { status } of registry.certificates.list({ search: '', use: 'device', limit: 100 }).rows)
      counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  given.run({ signed: false });
  const passed = given.run();
  registry.certificates.activate(passed.serial, 'test');
  const failed = given.run();
  registry.certificates.revoke(failed.serial, 'keyCompromise', '', 'test');
  expect(registry.certificates.countByStatus(issuerId)).toEqual(counted());
  const before = counted();
  const day = 86_400_000;
  const lastDay = Date.parse('2027-06-01T00:00:00.000Z');
  // Before their last day, on it, a moment before and after the end of one of them, and long after; then back.
  given.run({ notAfter: new Date(lastDay + day / 2).toISOString() });
  const admitted = (): number => registry.certificates.admitted().length;
  for (const at of [
    lastDay - day,
    lastDay,
    lastDay + 1,
    lastDay + day / 2,
    lastDay + day / 2 + 1,
    lastDay + day,
    lastDay + 3 * 366 * day,
  ]) {
    given.clock.ms = at;
    expect(registry.certificates.countByStatus(issuerId), new Date(at).toISOString()).toEqual(counted());
    expect(registry.certificates.countAdmitted()).toBe(admitted());
  }
  expect(counted()).toMatchObject({ EXPIRED: 3, REVOKED: 1 });
  given.clock.ms = lastDay - day;
  expect(counted()).toEqual({ ...before, SIGNED: 1 });
});

it('group commit takes back only the part that fails, and tells each caller its own end', async () => {
  const { store } = given.registry;
  const write = (key: string): Promise<void> => store.grouped(() => store.setSetting(key, 'yes'));
  const bad = store.grouped(() => {
    store.setSetting('half', 'yes');
    throw new Failure('CANCELLED', { left: 'clean' });
  });
  const ends = await Promise.allSettled([write('first'), bad, write('last')]);
  expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect([store.setting('first'), store.setting('half'), store.setting('last')]).toEqual(['yes', null, 'yes']);
});

it('the audit log holds with a part that was taken back out of the middle of a group, and has no line of it', async () => {
  const { store } = given.registry;
  const before = store.auditHead().seq;
  const part = (name: string, fails: boolean): Promise<void> =>
    store.grouped(() => {
      store.audit('test', 'act', `${name}-1`);
      if (fails) throw new Failure('CANCELLED', { left: 'clean' });
      store.audit('test', 'act', `${name}-2`);
    });
  await Promise.allSettled([part('a', false), part('b', true), part('c', false), part('d', true)]);
  const subjects = store.db.prepare<unknown[], Record<string, unknown>>('SELECT subject FROM audit WHERE seq > ? ORDER BY seq').all(before);
  expect(subjects.map(({ subject }) => subject)).toEqual(['a-1', 'a-2', 'c-1', 'c-2']);
  expect(() =>
    store.transaction(() => {
      store.audit('test', 'act', 'never');
      throw new Failure('CANCELLED', { left: 'clean' });
    }),
  ).toThrow();
  store.audit('test', 'act', 'after');
  expect(store.auditProblems()).toEqual({ lines: before + 5, problems: [] });
});

it('issuers are as the database has them, also after a change that was taken back', () => {
  const { issuers, store } = given.registry;
  const cancelled = (work: () => void): void => {
    expect(() =>
      store.transaction(() => {
        work();
        throw new Failure('CANCELLED', { left: 'clean' });
      }),
    ).toThrow(Failure);
  };
  const { createdAt, ...made } = unwrap(issuers.get(issuerId), 'it is there');
  const second = { ...made, id: 'device-2', spkiSha256: '2', fingerprint: '2' };
  expect(createdAt).toBe(given.registry.now());
  cancelled(() => {
    issuers.retire(issuerId, 'test');
    issuers.add(second, 'test');
    expect(issuers.current('issuing')?.id).toBe('device-2');
    expect(issuers.get(issuerId)?.state).toBe('retiring');
  });
  expect(issuers.all().map(({ id, state }) => [id, state])).toEqual([[issuerId, 'active']]);
  store.transaction(() => issuers.retire(issuerId, 'test'));
  expect(issuers.current('issuing')).toBeNull();
  store.transaction(() => issuers.add(second, 'test'));
  expect([issuers.current('issuing')?.id, issuers.get(issuerId)?.state]).toEqual(['device-2', 'retiring']);
  expect(given.reopen().issuers.all()).toEqual(issuers.all());
});

it('group commit is durable when it resolves, and nobody is told of success when the disk is full', async () => {
  const { store } = given.registry;
  const pages = Number(store.db.pragma('page_count', { simple: true }));
  store.db.pragma(`max_page_count = ${String(pages)}`);
  const big = 'x'.repeat(200_000);
  const ends = await Promise.allSettled(['a', 'b'].map((key) => store.grouped(() => store.setSetting(key, big))));
  for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
  expect([store.setting('a'), store.setting('b')]).toEqual([null, null]);
});
