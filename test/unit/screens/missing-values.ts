import { z } from 'zod';

/** States in which a service, a host or a token tells nothing. */
const tellingNothing = ['away', 'absent', 'starting', 'none'];

/** One way in which a model can lack something: `broker.canary`, or `token.state=absent`. */
export interface Missing {
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly value: string | null;
}

/** Every value that a model may lack, as its schema says; what is inside a list stands for all of its entries. */
export function missingValues(schema: z.ZodType, path: readonly (string | number)[] = []): readonly Missing[] {
  const missing = (value: string | null): Missing => ({
    name: value === null ? path.join('.') : `${path.join('.')}=${value}`,
    path,
    value,
  });
  if (schema instanceof z.ZodNullable) return [missing(null), ...missingValues(schema.unwrap() as z.ZodType, path)];
  if (schema instanceof z.ZodArray) return missingValues(schema.element as z.ZodType, [...path, 0]);
  if (schema instanceof z.ZodEnum)
    return schema.options.filter((option) => tellingNothing.includes(String(option))).map((option) => missing(String(option)));
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, inner]) => missingValues(inner, [...path, key]));
  return [];
}

/** A copy of the model that lacks this; null where the model has no such place to lack it in. */
export function without<T>(model: T, { path, value }: Missing): T | null {
  const copy = structuredClone(model);
  let at: unknown = copy;
  for (const key of path.slice(0, -1)) {
    if (typeof at !== 'object' || at === null) return null;
    at = (at as Record<string | number, unknown>)[key];
  }
  const last = path.at(-1);
  if (typeof at !== 'object' || at === null || last === undefined) return null;
  (at as Record<string | number, unknown>)[last] = value;
  return copy;
}
