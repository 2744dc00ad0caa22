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
    const own = new AbortController();
    const timer = setTimeout(() => {
      own.abort(new Failure('TIMEOUT', { what: `The unit (${step})`, ms: this.#profile.stepMs }));
    }, this.#profile.stepMs);
    const signal = AbortSignal.any([caller, own.signal, this.#job.signal]);
    try {
      signal.throwIfAborted();
      return await work(signal);
    } catch (thrown) {
      if (caller.aborted) throw new Failure('CANCELLED', { left: describeLeft(left()) }, caller.reason);
      // A timer of Node rejects with its own error, not with the reason.
      if (signal.aborted && signal.reason instanceof Failure) throw signal.reason;
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    clearTimeout(this.#jobTimer);
  }
}

const describeLeft = (left: readonly string[]): string => (left.length === 0 ? 'as they were' : `unfinished (${left.join(', ')})`);
