import { z } from 'zod';
import { catalogue, type Entry, type ErrorCode } from './catalogue/index.ts';
import { stepText } from './catalogue/step.ts';
import { failureOfSystem } from './system-error.ts';

/** What a `{param}` of a text may be filled with. */
type Value = string | number | boolean;
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type EntryOf<Code extends ErrorCode> = (typeof catalogue)[Code];
type TextOf<Code extends ErrorCode> = Code extends ErrorCode ? EntryOf<Code>['title' | 'what'] | EntryOf<Code>['steps'][number] : never;
type FactOf<Code extends ErrorCode> = EntryOf<Code> extends { readonly facts: readonly (infer Fact extends string)[] } ? Fact : never;

/** The parameters of a failure: one for each `{name}` in the texts of its code, and its facts where they are known. */
export type ParamsOf<Code extends ErrorCode> = Readonly<Record<NamesIn<TextOf<Code>>, Value> & Partial<Record<FactOf<Code>, Value>>>;
/** A code, its parameters, and what lies underneath: an error (kept as the cause) or the raw line. */
type FailureArguments<Code extends ErrorCode> = [NamesIn<TextOf<Code>> | FactOf<Code>] extends [never]
  ? [code: Code, params?: Readonly<Record<string, never>>, underneath?: unknown]
  : [code: Code, params: ParamsOf<Code>, underneath?: unknown];

const params = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type FailureParams = z.infer<typeof params>;

/**
 * What crosses a boundary when an expected thing went wrong. Data whose parameters do not fit the texts of its code comes from another
 * version of Birthmark, or from nobody of ours: it is INTERNAL, and says so.
 */
export const FailureData = z
  .object({
    code: z.enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]),
    params,
    /** The raw line or code underneath, for support; never a secret. */
    detail: z.string().optional(),
    /** What can be tried again, as data: the same call, after a PIN, with another input, or nothing. */
    retry: z.enum(['same', 'after-pin', 'other-input', 'later', 'never']),
  })
  .overwrite(fitting);
export type FailureData = z.infer<typeof FailureData>;
/** An expected failure, thrown inside one process; `toData` is what leaves it, the cause and its stack stay for the log. */
class ExpectedFailure extends Error {
  readonly code: ErrorCode;
  readonly params: FailureParams;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, given: FailureParams = {}, underneath?: unknown) {
    super(explain(code, given).what, underneath instanceof Error ? { cause: underneath } : undefined);
    this.name = 'Failure';
    this.code = code;
    this.params = given;
    this.detail = underneath === undefined ? undefined : oneLine(underneath);
  }

  toData(): FailureData {
    return {
      code: this.code,
      params: this.params,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      retry: catalogue[this.code].retry,
    };
  }

  static fromData(data: FailureData): Failure {
    const { code, params: given, detail } = fitting(data);
    return new ExpectedFailure(code, given, detail);
  }
}

export type Failure = ExpectedFailure;
export const Failure: {
  new <Code extends ErrorCode>(...given: FailureArguments<Code>): Failure;
  readonly prototype: Failure;
  fromData(data: FailureData): Failure;
} = ExpectedFailure;

const longestDetail = 500;

/** What lies underneath as the one line that may cross a boundary. */
function oneLine(underneath: unknown): string {
  const text = underneath instanceof Error ? underneath.message : typeof underneath === 'string' ? underneath : JSON.stringify(underneath);
  return text
    .replace(/\s*\n\s*/gu, ' ')
    .trim()
    .slice(0, longestDetail);
}

/** The names of the parameters that the texts of a code show. */
export const parametersOf = (code: ErrorCode): readonly string[] => {
  const { title, what, steps } = catalogue[code];
  return [...new Set([title, what, ...steps].flatMap((text) => [...text.matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => name)))];
};

/** The same data with the parameters of its code; INTERNAL where one is absent. */
function fitting(data: FailureData): FailureData {
  const names = parametersOf(data.code);
  const entry: Entry = catalogue[data.code];
  const known = [...names, ...(entry.facts ?? [])];
  const absent = names.filter((name) => data.params[name] === undefined);
  if (absent.length > 0) return notUnderstood(`${data.code} came without ${absent.join(', ')}`);
  return { ...data, params: Object.fromEntries(Object.entries(data.params).filter(([name]) => known.includes(name))) };
}

function notUnderstood(why: string): FailureData {
  const id = newBugId();
  bugLog(`bug ${id}: ${why}`);
  return new Failure('INTERNAL', { id }, why).toData();
}

/** A failure that was stored as JSON, perhaps by an older version; INTERNAL where it is not understood any more. */
export function storedFailure(json: string): FailureData {
  const parsed = FailureData.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : notUnderstood('a stored failure is not understood');
}

export interface Explanation {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly who: string;
}

/** Catalogue texts with `{param}` filled in. */
export function explain(code: ErrorCode, given: FailureParams): Explanation {
  const { title, what, steps, who } = catalogue[code];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/gu, (whole, name: string) => String(given[name] ?? whole));
  return { title: fill(title), what: fill(what), steps: steps.map((step) => fill(stepText(step))), who };
}

const bugIds = new WeakMap<object, string>();
const newBugId = (): string => crypto.randomUUID().slice(0, 8);

let bugLog: (line: string) => void = () => undefined;
/** Where this process writes the stacks of bugs; said once, when it starts. */
export const logBugsTo = (log: (line: string) => void): void => void (bugLog = log);

/** The id of a bug. It is logged with its stack when it is met first; the same error keeps its id. */
function bugId(thrown: unknown): string {
  const known = typeof thrown === 'object' && thrown !== null ? bugIds.get(thrown) : undefined;
  if (known !== undefined) return known;
  const id = newBugId();
  if (typeof thrown === 'object' && thrown !== null) bugIds.set(thrown, id);
  bugLog(`bug ${id}: ${stackOf(thrown)}`);
  return id;
}

/** The stack of an error and of each of its causes, for the log alone. */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  return thrown.cause === undefined ? own : `${own}\n  caused by ${stackOf(thrown.cause)}`;
}

/**
 * What the operating system or the database refused, by its name: DISK_FULL, DISK_FAILED, DATA_DENIED, DATA_MISSING, TOO_MANY_FILES,
 * FILE_FAILED; null for any other error. `place`: the file or folder, where the error does not name it.
 */
export function systemFailure(thrown: unknown, place?: string): Failure | null {
  const found = failureOfSystem(thrown, place);
  return found === null ? null : new ExpectedFailure(found.code, found.params, thrown);
}

/**
 * Anything thrown → what may leave the process. A bug becomes INTERNAL with an id, under which its stack stands in the log. Its message
 * stays there: nobody knows what is in it.
 */
export function toFailureData(thrown: unknown): FailureData {
  const failure = thrown instanceof Failure ? thrown : systemFailure(thrown);
  if (failure !== null) return failure.toData();
  return new Failure('INTERNAL', { id: bugId(thrown) }).toData();
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: FailureData };

/** A value that must be there, with the reason why. */
export function unwrap<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Error(why);
  return value;
}

const away: readonly ErrorCode[] = [
  'BROKER_AWAY', 'BROKER_REFUSES_CONNECTIONS', 'BROKER_SILENT', 'BROKER_NAME_UNKNOWN', 'BROKER_CLOSED', 'BROKER_LOG_ENDED', 'BROKER_BUSY', 'BROKER_MOVED',
]; // prettier-ignore

/** The broker gave no answer: it says nothing about who asked. */
export const isAway = ({ code }: Pick<FailureData, 'code'>): boolean => away.includes(code);
