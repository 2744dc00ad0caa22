import type { z } from 'zod';

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
}

const definition = (schema: z.core.$ZodType): Definition => schema._zod.def;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;

/** In the contract nothing but bytes is of a type that JSON does not have. */
export const isBytes = (schema: z.core.$ZodType): boolean => definition(schema).type === 'custom';

/** What came as JSON, with bytes where the schema has bytes: they come as base64. What does not fit stays as it is, for the schema to refuse. */
export function fromJson(schema: z.core.$ZodType, value: unknown): unknown {
  const { shape, element, innerType, valueType } = definition(schema);
  if (isBytes(schema)) return typeof value === 'string' && base64.test(value) ? Buffer.from(value, 'base64') : value;
  if (innerType !== undefined) return fromJson(innerType, value);
  if (element !== undefined) return Array.isArray(value) ? value.map((item) => fromJson(element, item)) : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const of = (key: string): z.core.$ZodType | undefined =>
    valueType ?? (shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : undefined);
  if (shape === undefined && valueType === undefined) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      const inner = of(key);
      return [key, inner === undefined ? item : fromJson(inner, item)];
    }),
  );
}

/** Bytes leave as base64. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    const given = this[key];
    return given instanceof Uint8Array ? Buffer.from(given).toString('base64') : item;
  });
