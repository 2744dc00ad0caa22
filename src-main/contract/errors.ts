import { z } from 'zod';
import { catalogue, type ErrorCode } from './catalogue/index.ts';

/** What crosses a boundary when an expected thing went wrong. Bugs do not use this road: they crash and are logged. */
export const FailureData = z.object({
  code: z.enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** The raw line or code underneath, for support; never a secret. */
  detail: z.string().optional(),
  /** What can be tried again, as data: the same call, after a PIN, with another input, or nothing. */
  retry: z.enum(['same', 'after-pin', 'other-input', 'later', 'never']),
});
export type FailureData = z.infer<typeof FailureData>;
export type FailureParams = FailureData['params'];

/** An expected failure, thrown inside one process; `toData` is what leaves it. */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly params: FailureParams;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, params: FailureParams = {}, detail?: unknown) {
    super(explain(code, params).what);
    this.name = 'Failure';
    this.code = code;
    this.params = params;
    this.detail = detail === undefined ? undefined : inWords(detail);
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
    return new Failure(data.code, data.params, data.detail);
  }
}

const inWords = (detail: unknown): string =>
  detail instanceof Error ? detail.message : typeof detail === 'string' ? detail : JSON.stringify(detail);

export interface Explanation {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly who: string;
}

/** Catalogue texts with `{param}` filled in; an absent parameter reads "unknown" rather than a guess. */
export function explain(code: ErrorCode, params: FailureParams): Explanation {
  const entry = catalogue[code];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/gu, (_, name: string) => String(params[name] ?? 'unknown'));
  return { title: fill(entry.title), what: fill(entry.what), steps: entry.steps.map(fill), who: entry.who };
}

/** Anything thrown → what may leave the process. A bug becomes INTERNAL with its message as detail. */
export function toFailureData(thrown: unknown): FailureData {
  if (thrown instanceof Failure) return thrown.toData();
  return new Failure('INTERNAL', {}, thrown).toData();
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: FailureData };

/** A value that must be there, with the reason why. */
export function unwrap<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Error(why);
  return value;
}

const away: readonly ErrorCode[] = [
  'BROKER_AWAY', 'BROKER_REFUSES_CONNECTIONS', 'BROKER_SILENT', 'BROKER_NAME_UNKNOWN', 'BROKER_CLOSED',
]; // prettier-ignore

/** The broker gave no answer: it says nothing about who asked. */
export const isAway = ({ code }: Pick<FailureData, 'code'>): boolean => away.includes(code);
