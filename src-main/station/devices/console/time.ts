import { setTimeout as pause } from 'node:timers/promises';
import { startDeadline } from '../deadline.ts';

/** The clock of a dialogue: the real one, or the one of a recorded transcript in which nothing takes time. */
export interface DialogueTime {
  /** Milliseconds from any point. */
  now(): number;
  /** Calls `onPassed` after `ms`; returns how to stop it. */
  deadline(ms: number, onPassed: () => void): () => void;
  /** @throws the signal’s abort. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const realTime: DialogueTime = {
  now: () => performance.now(),
  deadline: startDeadline,
  pause: (ms, signal) => pause(ms, undefined, { signal }),
};
