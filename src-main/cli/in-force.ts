import { explain, Failure, type FailureData } from '../contract/index.ts';
import type { StationProcess } from './station-process.ts';

/**
 * Waits for the publication of what was just recorded: a command is done when what it promises is in force. Null when it is, else
 * NOT_IN_FORCE. `revoked`: whose certificates must be refused for that, as `revocations.list` finds them.
 */
export async function notInForce(station: StationProcess, revoked: string | null = null): Promise<Failure | null> {
  const { access, failure } = await station.call('publication.settle', {});
  const waiting = revoked === null ? 0 : (await station.call('revocations.list', { search: revoked, waiting: true, limit: 1 })).total;
  return access === 'IN_FORCE' && waiting === 0 ? null : pendingBecause(failure);
}

/** For what is known to be not in force. */
export async function whyPending(station: StationProcess): Promise<Failure> {
  return pendingBecause((await station.call('publication.settle', { seconds: 0 })).failure);
}

function pendingBecause(failure: FailureData | null): Failure {
  if (failure === null) return new Failure('NOT_IN_FORCE', { why: 'its publication is still under way' });
  const { title, what, steps } = explain(failure.code, failure.params);
  const detail = [`${failure.code}: ${what}`, ...steps].join(' → ');
  return new Failure('NOT_IN_FORCE', { why: `${title} (${failure.code})` }, detail);
}
