import { useSyncExternalStore } from 'react';

interface Ticker {
  readonly subscribe: (listener: () => void) => () => void;
  readonly now: () => number;
}

/** One timer for everybody who shows a running time; it rests while nobody does. */
function createTicker(everyMs: number): Ticker {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = (): void => {
    now = Date.now();
    for (const listener of listeners) listener();
  };
  return {
    now: () => now,
    subscribe: (listener) => {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = setInterval(tick, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
  };
}

const seconds = createTicker(1000);
const tenths = createTicker(100);

/** Milliseconds since the epoch, renewed every second. */
export const useNow = (): number => useSyncExternalStore(seconds.subscribe, seconds.now, seconds.now);
/** The same ten times a second, for a run that is under way. */
export const useNowFine = (): number => useSyncExternalStore(tenths.subscribe, tenths.now, tenths.now);
