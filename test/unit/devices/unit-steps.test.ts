import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { UnitSteps, type StepUnit } from '../../../src-main/station/devices/unit-steps.ts';
import { referenceProfile } from '../../support/agent.ts';

const gone = (detail = ''): Failure => new Failure('PORT_GONE', { path: '/dev/x' }, detail);
const open: UnitSteps[] = [];
afterEach(() => {
  for (const steps of open.splice(0)) steps.close();
});

/** A unit that goes away so often while it works, and then so often right after it has come back. */
function steps(atWork: number, atConfirm: number): { run: () => Promise<string>; reopened: () => number } {
  let [works, confirms, reopened] = [0, 0, 0];
  const made = new UnitSteps(referenceProfile, {
    confirm: () => ((confirms += 1) <= atConfirm ? Promise.reject(gone()) : Promise.resolve()),
    reopen: () => Promise.resolve(void (reopened += 1)),
  });
  open.push(made);
  const work = (): Promise<string> => ((works += 1) <= atWork ? Promise.reject(gone()) : Promise.resolve('done'));
  return { run: () => made.run('install', { signal: new AbortController().signal }, work), reopened: () => reopened };
}

test.each([
  [1, 0, 1],
  [3, 0, 3],
  [1, 1, 2],
  [1, 2, 3],
  [2, 1, 3],
])('gone %i times at work and %i times right after: comes back, reopened %i times', async (atWork, atConfirm, reopened) => {
  const unit = steps(atWork, atConfirm);
  expect(await unit.run()).toBe('done');
  expect(unit.reopened()).toBe(reopened);
});

test.each([
  [4, 0],
  [1, 3],
  [2, 2],
])('gone %i times at work and %i times right after: it is not held in its fixture, PORT_GONE', async (atWork, atConfirm) => {
  await expect(steps(atWork, atConfirm).run()).rejects.toMatchObject({ code: 'PORT_GONE' });
});

const options = { signal: new AbortController().signal };

/** A unit that fails with what a test says, once for each entry, and notes what it was asked for. */
function unitWith(failures: { readonly reopen?: Failure[]; readonly wake?: Failure[]; readonly confirm?: Failure[] }): {
  unit: StepUnit;
  asked: string[];
} {
  const asked: string[] = [];
  const ask = (what: 'reopen' | 'wake' | 'confirm') => async (): Promise<void> => {
    asked.push(what);
    const failure = failures[what]?.shift();
    if (failure !== undefined) throw failure;
  };
  return { unit: { reopen: ask('reopen'), wake: ask('wake'), confirm: ask('confirm') }, asked };
}

/** A step that loses its port so many times, and then has its result. */
function losing(times: number): () => Promise<string> {
  let left = times;
  return async () => {
    if (left-- > 0) throw gone('while it worked');
    return 'done';
  };
}

test('a unit that comes back is woken, and must be the same one, before the step is done again', async () => {
  const { unit, asked } = unitWith({});
  expect(await new UnitSteps(referenceProfile, unit).run('install', options, losing(1))).toBe('done');
  expect(asked).toEqual(['reopen', 'wake', 'confirm']);
});

test('one that does not come back fails the step with what it was doing', async () => {
  const { unit } = unitWith({ reopen: [gone('not there')] });
  await expect(new UnitSteps(referenceProfile, unit).run('install', options, losing(1))).rejects.toMatchObject({
    code: 'PORT_GONE',
    detail: 'while it worked',
  });
});

test('another unit behind the port is DEVICE_SWAPPED, and so is one that contradicts what was done', async () => {
  const swapped = (): Failure => new Failure('DEVICE_SWAPPED', { expected: 'A', actual: 'B' });
  await expect(
    new UnitSteps(referenceProfile, unitWith({ confirm: [swapped()] }).unit).run('install', options, losing(1)),
  ).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
  const contradicts = (): Promise<never> => Promise.reject(new Failure('VERIFY_MISMATCH', { item: 'x', expected: '1', actual: '2' }));
  await expect(
    new UnitSteps(referenceProfile, unitWith({ confirm: [swapped()] }).unit).run('readBack', options, contradicts),
  ).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
  await expect(new UnitSteps(referenceProfile, unitWith({}).unit).run('readBack', options, contradicts)).rejects.toMatchObject({
    code: 'VERIFY_MISMATCH',
  });
});

test('a profile that waits for nobody does not open the port again', async () => {
  const { unit, asked } = unitWith({});
  const steps = new UnitSteps({ ...referenceProfile, replugMs: 0 }, unit);
  await expect(steps.run('install', options, losing(1))).rejects.toMatchObject({ code: 'PORT_GONE' });
  expect(asked).toEqual([]);
});
