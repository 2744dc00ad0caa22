import { setTimeout as pause } from 'node:timers/promises';
import { Failure, type ErrorCode } from '../../contract/index.ts';

/** A port that was just plugged in may be held by a program that looks at every new modem, or lack its rights until the system has set them. */
const SETTLES: readonly ErrorCode[] = ['PORT_BUSY', 'PORT_DENIED'];
const SETTLE_MS = 1000;
const LOOK_AGAIN_MS = 50;

/** Opens a port that may need a moment. @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE; the signal's reason. */
export const openSettled = (open: () => Promise<void>, signal: AbortSignal): Promise<void> => openWithin(open, SETTLE_MS, SETTLES, signal);

/** Opens a port that went away and is to come back within `ms`; the unit behind it may be another one. */
export const openAgain = (open: () => Promise<void>, ms: number, signal: AbortSignal): Promise<void> =>
  openWithin(open, ms, [...SETTLES, 'PORT_GONE'], signal);

async function openWithin(open: () => Promise<void>, ms: number, again: readonly ErrorCode[], signal: AbortSignal): Promise<void> {
  const until = performance.now() + ms;
  for (;;) {
    signal.throwIfAborted();
    try {
      await open();
      return;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || !again.includes(thrown.code) || performance.now() > until) throw thrown;
    }
    await pause(LOOK_AGAIN_MS, undefined, { signal });
  }
}
