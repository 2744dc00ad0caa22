import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import type { Store } from './store.ts';

/** Which part of a list: `cursor` is the `next` of the page before. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | null | undefined;
}

export interface Page<T> {
  /** Of the whole list. */
  readonly total: number;
  readonly rows: T[];
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

export interface List<T> {
  readonly shape: z.ZodType<T>;
  readonly columns: string;
  /** Tables, and their joins that leave out no row. */
  readonly from: string;
  readonly where: string;
  /** The columns of the order, which together are those of one row alone. */
  readonly by: readonly string[];
  readonly order: 'ASC' | 'DESC';
  /** What a row has in these columns. */
  readonly key: (row: T) => readonly (string | number)[];
}

const Key = z.array(z.union([z.string(), z.number()]));

/** A page that begins after a row, not at a number: rows that come in or go meanwhile neither repeat nor hide another. INVALID_INPUT. */
export function pageOf<T>(store: Store, list: List<T>, values: readonly unknown[], { limit, cursor = null }: PageRequest): Page<T> {
  const { shape, columns, from, where, by, order, key } = list;
  const after = cursor === null ? [] : keyIn(cursor, by.length);
  const isAfter = `(${by.join(', ')}) ${order === 'ASC' ? '>' : '<'} (${by.map(() => '?').join(', ')})`;
  const total = store.values(z.int(), `SELECT count(*) FROM ${from} WHERE ${where}`).one(...values);
  const found = store
    .query(
      shape,
      `SELECT ${columns} FROM ${from} WHERE (${where}) AND ${after.length === 0 ? '1' : isAfter}
         ORDER BY ${by.map((column) => `${column} ${order}`).join(', ')} LIMIT ?`,
    )
    .all(...values, ...after, limit + 1);
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return { total, rows, next: last === undefined ? null : Buffer.from(JSON.stringify(key(last))).toString('base64url') };
}

function keyIn(cursor: string, length: number): readonly (string | number)[] {
  try {
    return Key.length(length).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new Failure('INVALID_INPUT', { field: 'cursor', problem: 'is not one that this list gave' });
  }
}
