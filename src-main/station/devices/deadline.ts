/** A timer that comes later than this was held up by the program itself. */
const HELD_UP_MS = 20;

/**
 * Calls `onPassed` after `ms` milliseconds, of which none count in which this process was busy: an answer that came meanwhile has not been looked at yet when
 * the timer comes. Returns how to stop it.
 */
export function startDeadline(ms: number, onPassed: () => void): () => void {
  let timer: NodeJS.Timeout;
  const start = (wait: number): void => {
    const due = performance.now() + wait;
    timer = setTimeout(() => {
      const late = performance.now() - due;
      if (late > HELD_UP_MS) start(Math.min(late, ms));
      else onPassed();
    }, wait);
  };
  start(ms);
  return () => {
    clearTimeout(timer);
  };
}
