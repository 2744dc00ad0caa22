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
  offset: z.int().min(0).default(0),
};
export const slot = z.object({ slot: z.int().min(1).max(limits.slots) }).strict();
