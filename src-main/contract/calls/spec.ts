import { z } from 'zod';
import type { CallerRole } from '../caller.ts';
import { limits } from '../limits.ts';

export type Service = 'station' | 'signer';

interface CallSpec<S extends Service, I extends z.ZodType, O extends z.ZodType> {
  readonly service: S;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /** `nobody` among them: may be called before anyone has signed in. */
  readonly roles: readonly CallerRole[];
  /** Its answer has a secret in it, which is told once and kept nowhere. */
  readonly secret?: true;
}

export const call = <S extends Service, I extends z.ZodType, O extends z.ZodType>(spec: CallSpec<S, I, O>): CallSpec<S, I, O> => spec;

export const nothing = z.object({}).strict();
export const done = z.object({});
export const everyone: readonly CallerRole[] = ['nobody', 'technician', 'officer', 'support'];
export const signedIn: readonly CallerRole[] = ['technician', 'officer', 'support'];
export const officer: readonly CallerRole[] = ['officer'];
export const line: readonly CallerRole[] = ['technician', 'officer'];

/** Fields of every call that lists. */
export const page = {
  search: z.string().max(100).default(''),
  limit: z.int().min(1).max(limits.pageRows).default(100),
  /** `next` of the page before; null: from the beginning. */
  cursor: z.string().max(1_000).nullable().default(null),
};

type PageOf<Row extends z.ZodType> = z.ZodObject<{ total: z.ZodInt; rows: z.ZodArray<Row>; next: z.ZodNullable<z.ZodString> }>;
/** What every call that lists answers. `next` is the cursor of the next page; null on the last one. */
export const pageOf = <Row extends z.ZodType>(row: Row): PageOf<Row> =>
  z.object({ total: z.int(), rows: z.array(row), next: z.string().nullable() });
export const slot = z.object({ slot: z.int().min(1).max(limits.slots) }).strict();
