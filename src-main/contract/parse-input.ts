import type { z } from 'zod';
import { Failure } from './errors.ts';
import { firstProblem } from './issue-texts.ts';

/**
 * The input of a call, as its schema has it. INVALID_INPUT names the first field that does not fit; also for an object that zod stumbles over
 * (`{length: {toString: null}}` where a text belongs: it measures it all the same).
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, call: string): z.output<S> {
  let result: z.ZodSafeParseResult<z.output<S>>;
  try {
    result = schema.safeParse(input);
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: call, problem: 'cannot be read' }, error);
  }
  if (result.success) return result.data;
  throw new Failure('INVALID_INPUT', firstProblem(result.error, call));
}
