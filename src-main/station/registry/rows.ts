import { dirname } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { firstProblem } from '../../contract/index.ts';
import { damagedData } from './database.ts';

/** A statement that reads, and the shape of its rows. Each row is parsed as it comes in; DATA_DAMAGED for one that does not fit. */
export class Query<T> {
  readonly #statement: Statement<unknown[]>;
  readonly #shape: z.ZodType<T>;

  constructor(statement: Statement<unknown[]>, shape: z.ZodType<T>) {
    this.#statement = statement;
    this.#shape = shape;
  }

  /** The first row; null where there is none. */
  get(...values: unknown[]): T | null {
    const row = this.#statement.get(...values);
    return row === undefined ? null : this.#parsed(row);
  }

  /** The row of a statement that always has one, such as a count. */
  one(...values: unknown[]): T {
    const row = this.#statement.get(...values);
    if (row === undefined) throw new Error('a statement that always has a row has none');
    return this.#parsed(row);
  }

  all(...values: unknown[]): T[] {
    return this.#statement.all(...values).map((row) => this.#parsed(row));
  }

  *iterate(...values: unknown[]): Generator<T> {
    for (const row of this.#statement.iterate(...values)) yield this.#parsed(row);
  }

  #parsed(row: unknown): T {
    const result = this.#shape.safeParse(row);
    if (result.success) return result.data;
    const { field, problem } = firstProblem(result.error, 'the value');
    const { database, source } = this.#statement;
    throw damagedData(dirname(database.name), `${field} ${problem}, in a row of ${source}`);
  }
}

/** SQLite has no booleans: 0 and 1. */
export const flag = z.literal([0, 1]).transform((value) => value === 1);

export const bytes = z.instanceof(Buffer);

/** A column that holds JSON of this shape. */
export const json = <T>(shape: z.ZodType<T>): z.ZodType<T, string> =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(shape);
