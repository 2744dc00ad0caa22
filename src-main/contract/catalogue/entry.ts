type Retry = 'same' | 'after-pin' | 'other-input' | 'later' | 'never';
type Who = 'technician' | 'officer' | 'support' | 'administrator' | 'device maker' | 'anybody';

/** Exit codes of the CLI, by name; `docs/cli.md` lists them. */
export const exitCodes = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  REFUSED: 3,
  TOKEN: 4,
  BROKER: 5,
  DEVICE: 6,
  DATA: 7,
  PENDING: 8,
  INTERNAL: 70,
} as const;
export type ExitName = keyof typeof exitCodes;

/** What happened, what to do now, who can do it, what may be tried again, and the exit code of the command line. */
export interface Entry {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly who: Who;
  readonly retry: Retry;
  readonly exit: ExitName;
  readonly facts?: readonly string[];
}

/** The same entry with facts that not every failure of this kind has: no text shows them, a program may read them. */
export const withFacts = <const E extends Entry, const Facts extends readonly string[]>(
  facts: Facts,
  one: E,
): E & { readonly facts: Facts } => ({ ...one, facts });

/** One entry; its texts keep their literal types, so that the parameters of a failure follow from them. */
export const entry = <const Title extends string, const What extends string, const Steps extends readonly string[]>(
  exit: ExitName,
  who: Who,
  retry: Retry,
  title: Title,
  what: What,
  ...steps: Steps
): Entry & { readonly title: Title; readonly what: What; readonly steps: Steps } => ({ title, what, steps, who, retry, exit });
