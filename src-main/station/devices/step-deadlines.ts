import { Failure } from '../../contract/index.ts';
import type { DeviceProfile } from './driver.ts';

/** Ends every call of a session in time: by its caller, after the profile's time for a step, or after its time for the whole job. */
export class StepDeadlines {
  readonly #profile: DeviceProfile;
  readonly #job = new AbortController();
  readonly #jobTimer: NodeJS.Timeout;

  constructor(profile: DeviceProfile) {
    this.#profile = profile;
    this.#jobTimer = setTimeout(() => {
      this.#job.abort(new Failure('TIMEOUT', { what: 'The unit, over all steps,', ms: profile.jobMs }));
    }, profile.jobMs);
    this.#jobTimer.unref();
  }

  /** `left`: what is unfinished on the unit when the call is cancelled. */
  async run<T>(step: string, caller: AbortSignal, left: () => readonly string[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withinStep(step, this.#profile.stepMs, AbortSignal.any([caller, this.#job.signal]), work);
    } catch (thrown) {
      if (caller.aborted) throw new Failure('CANCELLED', { left: describeLeft(left()) }, caller.reason);
      throw thrown;
    }
  }

  close(): void {
    clearTimeout(this.#jobTimer);
  }
}

/** @throws Failure TIMEOUT when `work` has not ended within `ms`; whatever it threw itself for it. */
export async function withinStep<T>(step: string, ms: number, caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const timer = setTimeout(() => {
    own.abort(new Failure('TIMEOUT', { what: `The unit (${step})`, ms }));
  }, ms);
  const signal = AbortSignal.any([caller, own.signal]);
  try {
    signal.throwIfAborted();
    return await work(signal);
  } catch (thrown) {
    // A timer of Node rejects with its own error, not with the reason.
    if (signal.aborted && signal.reason instanceof Failure) throw signal.reason;
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

const describeLeft = (left: readonly string[]): string => (left.length === 0 ? 'as they were' : `unfinished (${left.join(', ')})`);
