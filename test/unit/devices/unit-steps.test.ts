import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { UnitSteps } from '../../../src-main/station/devices/unit-steps.ts';
import { referenceProfile } from '../../support/agent.ts';

const gone = (): Failure => new Failure('PORT_GONE', { path: '/dev/x' });
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
