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
  /** Makes a unit that came back ready to be asked. */
  wake?(signal: AbortSignal): Promise<void>;
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
      let gone: Failure | null = null;
      for (let replugs = 0; ; replugs++) {
        try {
          if (gone !== null) await this.#comeBack(signal);
          return await work(signal);
        } catch (thrown) {
          if (thrown instanceof StaysAway) throw gone ?? thrown;
          if (isSuspect(thrown)) await this.#mustNotBeAnother(signal);
          if (!isGone(thrown) || replugs === MAX_REPLUGS || this.#replugMs === 0) throw thrown;
          gone = thrown;
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

  /** A port can come back for a moment only: what goes wrong after it was opened is a case for the next try. */
  async #comeBack(signal: AbortSignal): Promise<void> {
    try {
      await this.#unit.reopen(signal);
    } catch (thrown) {
      throw isGone(thrown) ? new StaysAway() : thrown;
    }
    await this.#unit.wake?.(signal);
    await this.#unit.confirm(signal);
  }
}

/** The port did not come back in time. */
class StaysAway extends Error {}

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
