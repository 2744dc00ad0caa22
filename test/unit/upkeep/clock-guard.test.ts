import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClockGuard } from '../../../src-main/station/upkeep/index.ts';
import { TestRegistry } from '../../support/registry.ts';

const minute = 60_000;
const day = 1_440 * minute;
let here: TestRegistry;
/** Time that really passes: the clock goes with it, unless a test sets it. */
let passed: number;
beforeEach(() => {
  here = new TestRegistry();
  passed = 0;
});
afterEach(() => here.dispose());

const start = (): ClockGuard => new ClockGuard({ registry: here.registry, clock: here.clock, monotonic: () => passed });
const pass = (ms: number): void => {
  passed += ms;
  here.clock.pass(ms);
};
const told = (guard: ClockGuard): unknown => guard.doubt()?.params['problem'] ?? null;

test('a clock that goes on as it should is believed, also after some days without anybody', () => {
  const guard = start();
  for (const ms of [0, minute, day, 6 * day, -9 * minute]) {
    pass(ms);
    expect(guard.doubt()).toBeNull();
  }
  guard.save();
  here.clock.pass(5 * day);
  expect(start().doubt()).toBeNull();
});

test.each([8 * day, 400 * day, 3_652 * day, -11 * minute, -400 * day])('a step of %d ms is a doubt until the clock is back', (step) => {
  const guard = start();
  guard.doubt();
  guard.save();
  const known = here.clock.now();
  here.clock.pass(step);
  for (const one of [guard, start()]) {
    expect(told(one)).toBe(`The last time known here is ${new Date(known).toISOString()}.`);
    expect(one.known()).toBe(known);
    // What is in doubt is not kept as known.
    one.save();
  }
  here.clock.pass(-step);
  expect([guard.doubt(), start().doubt()]).toEqual([null, null]);
});

test('a registry of an earlier version has the time of its audit log', () => {
  here.clock.pass(400 * day);
  expect(start().doubt()?.code).toBe('CLOCK_DOUBTFUL');
});

test('another clock that agrees explains any step; one that differs is a doubt and is named', () => {
  const guard = start();
  here.clock.pass(60 * day);
  guard.heard('the database on db', here.clock.now() + minute);
  expect(guard.doubt()).toBeNull();
  guard.heard('the broker host', here.clock.now() - day);
  // Two against one.
  expect(guard.doubt()).toBeNull();
  // The clock jumps while the other goes on.
  here.clock.pass(day);
  expect(told(guard)).toBe(
    `the database on db says ${new Date(here.clock.now() - day + minute).toISOString()}. the broker host says ${new Date(here.clock.now() - 2 * day).toISOString()}.`,
  );
  here.clock.pass(-day);
  expect(guard.doubt()).toBeNull();
  // A day later nobody knows any more what it was told.
  pass(day + 1);
  here.clock.pass(3 * day);
  expect(guard.view()).toMatchObject({ others: [], doubt: null });
});

test('what an officer confirmed holds while the other clock differs by as much, and is in the audit log', () => {
  const guard = start();
  guard.heard('the broker host', here.clock.now() - 90 * minute);
  expect(guard.doubt()).not.toBeNull();
  guard.confirm('Olga');
  expect(guard.doubt()).toBeNull();
  pass(2 * day);
  const later = start();
  later.heard('the broker host', here.clock.now() - 91 * minute);
  expect(later.doubt()).toBeNull();
  later.heard('the broker host', here.clock.now() - 120 * minute);
  expect(later.doubt()).not.toBeNull();
  const lines = here.registry.store.db.prepare(`SELECT actor FROM audit WHERE action = 'clock.confirm'`).all();
  expect(lines).toEqual([{ actor: 'Olga' }]);
});
