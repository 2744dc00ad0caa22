import { Failure, type ErrorCode } from '../../contract/index.ts';
import type { CallOptions, DeviceProfile } from './driver.ts';
import { StepDeadlines } from './step-deadlines.ts';

/** A unit that goes away more often than this in one step is not held in its fixture. */
const MAX_REPLUGS = 3;

/** What the steps need of the unit that they talk to. */
export interface StepUnit {
  /** Reads the identity anew. DEVICE_SWAPPED when it is another one than before. */
  confirm(signal: AbortSignal): Promise<unknown>;
  /** Opens the line again after PORT_GONE, within the time that the profile gives. */
  reopen(signal: AbortSignal): Promise<void>;
}

/** The calls of a session: each with its deadlines, and again when the unit went away and came back as the same one. */
export class UnitSteps {
  /** What this session has begun to change on the unit and not finished. */
  left: string[] = [];
  readonly #unit: StepUnit;
  readonly #deadlines: StepDeadlines;
  readonly #replugMs: number;

  constructor(profile: DeviceProfile, unit: StepUnit) {
    this.#unit = unit;
    this.#deadlines = new StepDeadlines(profile);
    this.#replugMs = profile.replugMs;
  }

  run<T>(name: string, options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const left = (): readonly string[] => this.left;
    return this.#deadlines.run(name, options.signal, left, async (signal) => {
      for (let replugs = 0; ; replugs++) {
        try {
          return await work(signal);
        } catch (thrown) {
          if (isSuspect(thrown)) await this.#mustNotBeAnother(signal);
          if (!isGone(thrown) || replugs === MAX_REPLUGS || this.#replugMs === 0) throw thrown;
          replugs = await this.#comeBack(signal, thrown, replugs);
        }
      }
    });
  }

  close(): void {
    this.#deadlines.close();
  }

  /** Throws only DEVICE_SWAPPED: whatever else goes wrong here, the first failure is the one to tell. */
  async #mustNotBeAnother(signal: AbortSignal): Promise<void> {
    await this.#unit.confirm(signal).catch((thrown: unknown) => {
      if (thrown instanceof Failure && thrown.code === 'DEVICE_SWAPPED') throw thrown;
    });
  }

  /** A unit that has just come back may go away once more, as one does that starts by its loader. Returns how often it has gone before. */
  async #comeBack(signal: AbortSignal, cause: Failure, replugs: number): Promise<number> {
    for (let gone = replugs; ; gone++) {
      try {
        await this.#unit.reopen(signal);
      } catch (thrown) {
        throw isGone(thrown) ? cause : thrown;
      }
      try {
        await this.#unit.confirm(signal);
        return gone;
      } catch (thrown) {
        if (!isGone(thrown) || gone + 1 === MAX_REPLUGS) throw thrown;
      }
    }
  }
}

const isGone = (thrown: unknown): thrown is Failure => thrown instanceof Failure && thrown.code === 'PORT_GONE';

/** A fixture whose adapter stays connected hides a swap: a unit that contradicts what was done so far is asked who it is. */
const isSuspect = (thrown: unknown): boolean => thrown instanceof Failure && suspects.includes(thrown.code);
const suspects: readonly ErrorCode[] = [
  'VERIFY_MISMATCH',
  'POSSESSION_FAILED',
  'DEVICE_REFUSED',
  'CONTENT_REJECTED',
  'SLOT_OCCUPIED',
  'LOCKED',
];
