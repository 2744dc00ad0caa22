import { Failure } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { Registry } from '../registry/index.ts';
import { failRun, isProvable, passRun } from './verdict.ts';

export interface Recovered {
  readonly run: string;
  readonly verdict: 'PASS' | 'FAIL' | 'NOT_VERIFIED';
}

/**
 * Before new work: ends every run that a stopped station left open. All proofs journaled and the unit locked: it passed. All proofs
 * journaled and the lock unknown: it waits as NOT_VERIFIED, and the lock is done when the unit is proven again. Anything else is
 * a FAIL, and a serial number that was reserved is revoked, whether or not the token got round to signing.
 */
export function recoverRuns(registry: Registry, clock: Clock, proofHours: number): Recovered[] {
  return registry.runs.open().map((run) => {
    const last = registry.runs.lastStep(run.id);
    const failure = new Failure('STATION_STOPPED', { step: last?.step ?? 'identify' }).toData();
    const { id, device, serial, actor, proofLevel, gaps } = run;
    if (serial !== null && device !== null && proofLevel !== null && last?.step === 'lock' && isProvable(registry, serial)) {
      if (last.phase === 'done') {
        passRun(registry, id, device, serial, actor, { proofLevel, gaps });
        return { run: run.id, verdict: 'PASS' };
      }
      registry.runs.end(run.id, 'NOT_VERIFIED', { failure, deadline: instant(clock.now() + proofHours * 3_600_000) });
      return { run: run.id, verdict: 'NOT_VERIFIED' };
    }
    failRun(registry, run.id, run.serial, failure, actor);
    return { run: run.id, verdict: 'FAIL' };
  });
}

/** NOT_VERIFIED runs whose time is up: FAIL, and their certificates are revoked. Returns how many. */
export function endOverdueProofs(registry: Registry): number {
  const overdue = registry.runs.notVerified().filter((run) => run.deadline !== null && run.deadline < registry.now());
  for (const { id, serial, deadline, actor } of overdue)
    failRun(registry, id, serial, new Failure('PROOF_OVERDUE', { deadline: deadline ?? 'its deadline' }).toData(), actor);
  return overdue.length;
}
