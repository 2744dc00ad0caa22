import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSteps } from '../../../src-main/contract/index.ts';
import { endOverdueProofs, recoverRuns } from '../../../src-main/station/line/index.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const recover = () => recoverRuns(here.registry, here.clock, 72);

test('a run that stopped at any step before the lock is FAIL, and what was reserved or signed is revoked', () => {
  for (const step of runSteps.filter((one) => one !== 'lock')) {
    for (const phase of ['begin', 'done'] as const) {
      for (const signed of [true, false]) {
        const { run, serial } = here.run({ signed });
        here.registry.runs.journal(run, step, phase);
        expect(recover()).toEqual([{ run, verdict: 'FAIL' }]);
        expect(here.status(serial)).toBe('REVOKED');
        expect(here.registry.runs.get(run)).toMatchObject({ verdict: 'FAIL', failure: { code: 'STATION_STOPPED', params: { step } } });
      }
    }
  }
  expect(recover()).toEqual([]);
});

test('a run that stopped before anything was reserved is FAIL and nothing more', () => {
  const run = crypto.randomUUID();
  here.registry.runs.start(run, 1, 'ORDER-1', 'Tess');
  expect(recover()).toEqual([{ run, verdict: 'FAIL' }]);
  expect(here.registry.revocations.waiting()).toEqual([]);
});

test('locked for certain: PASS. Lock unknown: NOT_VERIFIED with a deadline', () => {
  const [sure, unsure] = [here.run(), here.run()];
  here.registry.runs.journal(sure.run, 'lock', 'done');
  here.registry.runs.journal(unsure.run, 'lock', 'begin');
  expect(
    recover()
      .map(({ verdict }) => verdict)
      .sort(),
  ).toEqual(['NOT_VERIFIED', 'PASS']);
  expect([here.status(sure.serial), here.status(unsure.serial)]).toEqual(['ACTIVE', 'SIGNED']);
  expect(here.registry.runs.get(unsure.run)?.deadline).toBe(new Date(here.clock.now() + 72 * 3_600_000).toISOString());
});

test('a unit that was locked after an officer had revoked its certificate has not passed', () => {
  const { run, serial } = here.run();
  here.registry.runs.journal(run, 'lock', 'done');
  here.registry.certificates.revoke(serial, 'keyCompromise', '', 'officer');
  expect(recover()).toEqual([{ run, verdict: 'FAIL' }]);
  expect(here.status(serial)).toBe('REVOKED');
});

test('a NOT_VERIFIED run ends at its deadline as FAIL with its certificate revoked, not a moment earlier', () => {
  const { run, serial, device } = here.run();
  const deadline = new Date(here.clock.now() + 1000).toISOString();
  here.registry.runs.end(run, 'NOT_VERIFIED', { deadline });
  here.clock.pass(1000);
  expect(endOverdueProofs(here.registry)).toBe(0);
  expect(here.registry.certificates.admitted()).toEqual([device]);
  here.clock.pass(1);
  expect(endOverdueProofs(here.registry)).toBe(1);
  expect(here.registry.runs.get(run)).toMatchObject({ verdict: 'FAIL', failure: { code: 'PROOF_OVERDUE', params: { deadline } } });
  expect(here.status(serial)).toBe('REVOKED');
  expect(here.registry.certificates.admitted()).toEqual([]);
  expect(here.registry.revocations.waiting().map((one) => one.serial)).toEqual([serial]);
  expect(endOverdueProofs(here.registry)).toBe(0);
});
