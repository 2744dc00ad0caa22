import { z } from 'zod';
import type { Role } from '../models.ts';
import { limits } from '../limits.ts';

export type Service = 'station' | 'signer';
/** `nobody`: may be called before anyone has signed in. */
export type Caller = Role | 'nobody';

interface CallSpec<S extends Service, I extends z.ZodType, O extends z.ZodType> {
  readonly service: S;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly roles: readonly Caller[];
}

export const call = <S extends Service, I extends z.ZodType, O extends z.ZodType>(spec: CallSpec<S, I, O>): CallSpec<S, I, O> => spec;

export const nothing = z.object({}).strict();
export const done = z.object({});
export const everyone: readonly Caller[] = ['nobody', 'technician', 'officer', 'support'];
export const signedIn: readonly Caller[] = ['technician', 'officer', 'support'];
export const officer: readonly Caller[] = ['officer'];
export const line: readonly Caller[] = ['technician', 'officer'];

/** Fields of every call that lists. */
export const page = {
  search: z.string().max(100).default(''),
  limit: z.int().min(1).max(limits.pageRows).default(100),
  offset: z.int().min(0).default(0),
};
export const slot = z.object({ slot: z.int().min(1).max(limits.slots) }).strict();
