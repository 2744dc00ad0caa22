import { afterEach, beforeEach, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { issuerId, TestRegistry } from '../../support/registry.ts';

let given: TestRegistry;
beforeEach(() => {
  given = new TestRegistry();
});
afterEach(() => given.dispose());

it('the kept counts are what counting gives, after every kind of change', () => {
  const { registry } = given;
  const counted = (): Record<string, number> => {
    const rows = registry.store.sql(`SELECT status, count(*) AS n FROM certificates WHERE use = 'device' GROUP BY status`).all() as {
      status: string;
      n: number;
    }[];
    return {
      RESERVED: 0,
      SIGNED: 0,
      ACTIVE: 0,
      ROTATING: 0,
      EXPIRED: 0,
      REVOKED: 0,
      ...Object.fromEntries(rows.map(({ status, n }) => [status, n])),
    };
  };
  given.run({ signed: false });
  const passed = given.run();
  registry.certificates.activate(passed.serial, 'test');
  const failed = given.run();
  registry.certificates.revoke(failed.serial, 'keyCompromise', '', 'test');
  expect(registry.certificates.countByStatus(issuerId)).toEqual(counted());
  given.clock.pass(3 * 366 * 86_400_000);
  registry.certificates.expire('test');
  expect(registry.certificates.countByStatus(issuerId)).toEqual(counted());
  expect(counted()).toMatchObject({ EXPIRED: 2, REVOKED: 1 });
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

it('group commit is durable when it resolves, and nobody is told of success when the disk is full', async () => {
  const { store } = given.registry;
  const pages = Number(store.db.pragma('page_count', { simple: true }));
  store.db.pragma(`max_page_count = ${String(pages)}`);
  const big = 'x'.repeat(200_000);
  const ends = await Promise.allSettled(['a', 'b'].map((key) => store.grouped(() => store.setSetting(key, big))));
  for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
  expect([store.setting('a'), store.setting('b')]).toEqual([null, null]);
});
