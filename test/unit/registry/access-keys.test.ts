import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, unwrap, type AccessKeyView } from '../../../src-main/contract/index.ts';
import type { AccessKeys } from '../../../src-main/station/registry/access-keys.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
let keys: AccessKeys;
beforeEach(() => {
  here = new TestRegistry();
  keys = here.registry.accessKeys;
});
afterEach(() => here.dispose());

const day = 86_400_000;
/** The key and what is known of it. */
function added(): { key: string; view: AccessKeyView } {
  const { key, view } = keys.add(wanted, 'Ada');
  return { key: unwrap(key, 'a key is made'), view };
}
const wanted = { name: 'line-2', role: 'technician', days: 30 } as const;

test('a key opens its role until its last day, and nothing after it', () => {
  const { key, view } = added();
  expect(keys.find(key)).toEqual(view);
  expect(view).toMatchObject({ role: 'technician', addedBy: 'Ada', withdrawnAt: null });
  here.clock.pass(30 * day - 1);
  expect(keys.find(key)).not.toBeNull();
  here.clock.pass(1);
  expect(keys.find(key)).toBeNull();
});

test('a key that was withdrawn opens nothing, and its name is not given again', () => {
  const { key } = added();
  keys.withdraw('line-2', 'Bob');
  expect(keys.find(key)).toBeNull();
  expect(keys.list()).toMatchObject([{ name: 'line-2', withdrawnAt: expect.any(String) as string }]);
  expect(() => keys.withdraw('line-2', 'Bob')).toThrow(Failure);
  expect(() => keys.add(wanted, 'Ada')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
});

test('the key is not in the database, and what is almost one opens nothing', () => {
  const { key } = added();
  const rows = here.registry.store.db.prepare('SELECT * FROM access_keys').all();
  expect(JSON.stringify(rows)).not.toContain(key);
  for (const wrong of ['', key.slice(0, -1), `${key}x`, key.toUpperCase()]) expect(keys.find(wrong)).toBeNull();
});

test('one key in force names a service, and it tells no key; withdrawn or over, its certificates open nothing', () => {
  const ofLine = { name: 'line-certificate', role: 'technician', days: 30, service: 'line' } as const;
  expect(keys.add(ofLine, 'Ada')).toMatchObject({ key: null, view: { service: 'line' } });
  expect(keys.ofService('line')).toMatchObject({ name: 'line-certificate', role: 'technician' });
  expect(keys.ofService('ingest')).toBeNull();
  expect(() => keys.add({ ...ofLine, name: 'another' }, 'Ada')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
  keys.withdraw('line-certificate', 'Bob');
  expect(keys.ofService('line')).toBeNull();
  keys.add({ ...ofLine, name: 'next' }, 'Ada');
  here.clock.pass(30 * day);
  expect(keys.ofService('line')).toBeNull();
});
