/** The one source of time; tests give their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** UTC ISO-8601 with milliseconds, as stored and sent everywhere. */
export const instant = (ms: number): string => new Date(ms).toISOString();
