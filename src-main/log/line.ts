import { currentIds, type Ids } from './ids.ts';
import { Redactor } from './redact.ts';
import { secretsInUse } from './secrets.ts';

export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];

/** `BIRTHMARK_LOG_LEVEL`; null for a word that is no level. */
export const levelOf = (text: string | undefined): Level | null =>
  text === undefined || text === '' ? 'info' : (levels.find((level) => level === text) ?? null);

/** What wrote a line: a part of the program. */
export const components = [
  'supervisor',
  'station',
  'signer',
  'call',
  'run',
  'issuance',
  'revocation',
  'publication',
  'records',
  'delivery',
  'upkeep',
  'backup',
  'http',
  'desktop',
  'bug',
] as const;
export type Component = (typeof components)[number];

/** One line before it is written. `facts` are for search; no input values of a call are among them. */
export interface LogLine {
  readonly level: Level;
  readonly component: Component;
  readonly message: string;
  /** UTC, ISO 8601. */
  readonly time: string;
  readonly ids: Ids;
  readonly facts: Readonly<Record<string, unknown>>;
}

const longestMessage = 16_384;
const redactor = new Redactor(secretsInUse);
let sink: (line: LogLine) => void = () => undefined;
let lowest = levels.indexOf('info');

/** Where the lines of this process go, and from which level on; said once, when it starts. */
export function sendLinesTo(given: (line: LogLine) => void, level: Level): void {
  sink = given;
  lowest = levels.indexOf(level);
}

/** Is a line of this level written? For lines whose facts cost something. */
export const isLogged = (level: Level): boolean => levels.indexOf(level) >= lowest;

/** A line for the log, under the ids that hold here, without the secrets that this process knows of. It never throws. */
export function say(level: Level, component: Component, message: string, facts: LogLine['facts'] = {}): void {
  if (isLogged(level)) sayUnder(currentIds(), level, component, message, facts);
}

/** The same under ids that were remembered. */
export function sayUnder(ids: Ids, level: Level, component: Component, message: string, facts: LogLine['facts'] = {}): void {
  if (!isLogged(level)) return;
  try {
    sink(withoutSecrets({ level, component, message, time: new Date().toISOString(), ids, facts }));
  } catch {
    // What cannot be said must not end what it tells of.
  }
}

/** A bug under the id that its answer carries: `bug ID: stack`, as `logBugsTo` gives it. */
export const sayBug = (line: string): void => say('error', 'bug', line, { bug: /^bug ([\w-]+):/u.exec(line)?.[1] });

/** The line without the secrets that this process knows of. */
export const withoutSecrets = ({ message, ids, facts, ...line }: LogLine): LogLine => ({
  ...line,
  message: redactor.text(message).slice(0, longestMessage),
  ids: redactor.value(ids) as Ids,
  facts: redactor.value(facts) as LogLine['facts'],
});
