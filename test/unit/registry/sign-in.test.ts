import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestRegistry } from '../../support/registry.ts';

let given: TestRegistry;
beforeEach(() => {
  given = new TestRegistry();
  given.registry.store.transaction(() => given.registry.operators.add('Ada', 'officer', 'right password', 'test'));
});
afterEach(() => given.dispose());

const signIn = (password: string): string | null => given.registry.operators.check('Ada', password)?.name ?? null;
const wrong = (times: number): void => {
  for (let time = 0; time < times; time++) expect(signIn('wrong password')).toBeNull();
};

it('locks the name after five wrong passwords, for the right one too, and opens it again by itself', () => {
  wrong(5);
  expect(() => signIn('right password')).toThrow(expect.objectContaining({ code: 'SIGN_IN_LOCKED' }) as Error);
  given.clock.pass(61_000);
  expect(signIn('right password')).toBe('Ada');
});

it('locks for longer each time, and a right password starts the count anew', () => {
  wrong(5);
  given.clock.pass(61_000);
  wrong(1);
  given.clock.pass(61_000);
  expect(() => signIn('right password')).toThrow(expect.objectContaining({ code: 'SIGN_IN_LOCKED' }) as Error);
  given.clock.pass(60_000);
  expect(signIn('right password')).toBe('Ada');
  wrong(4);
  expect(signIn('right password')).toBe('Ada');
});

it('is still locked after a restart, and every try is in the audit log', () => {
  wrong(5);
  given.reopen();
  expect(() => signIn('right password')).toThrow(expect.objectContaining({ code: 'SIGN_IN_LOCKED' }) as Error);
  const refused = given.registry.store.db.prepare(`SELECT count(*) AS n FROM audit WHERE action = 'operator.refused'`).get();
  expect(refused).toEqual({ n: 5 });
});
