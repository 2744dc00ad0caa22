import { limits } from '../contract/index.ts';
import type { CommandContext } from './context.ts';
import { table } from './output.ts';
import { wholeNumber } from './values.ts';

export interface Column<Row> {
  readonly title: string;
  /** Null where there is nothing: a table shows “-”, CSV an empty field. */
  readonly of: (row: Row) => string | number | null;
}

export interface Page<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export type FetchPage<Row> = (page: { readonly limit: number; readonly cursor: string | null }) => Promise<Page<Row>>;

/** Prints all rows, or the first `--limit`, as `--format` says; answers how many there are. */
export async function printPages<Row>(context: CommandContext, columns: readonly Column<Row>[], fetch: FetchPage<Row>): Promise<number> {
  const text = context.values.text('limit');
  const most = text === undefined ? Infinity : wholeNumber('--limit', text, { min: 1, max: 100_000_000 });
  const { output } = context;
  const streamed = output.format === 'csv' || output.format === 'json-lines';
  if (output.format === 'csv') output.write(csvLine(columns.map(({ title }) => title.toLowerCase().replaceAll(' ', '_'))));
  const kept: Row[] = [];
  let [total, read] = [0, 0];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await fetch({ limit: Math.min(limits.pageRows, most - read), cursor });
    total = page.total;
    read += page.rows.length;
    if (!streamed) kept.push(...page.rows);
    else if (output.format === 'csv')
      output.write(page.rows.map((row) => csvLine(columns.map(({ of }) => String(of(row) ?? '')))).join(''));
    else output.write(page.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    cursor = page.next;
  } while (cursor !== null && read < most);
  if (!streamed) output.result({ total, rows: kept }, () => tableOf(columns, kept));
  return total;
}

/** The same for rows that are all here. */
export const printRows = <Row>(context: CommandContext, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<number> =>
  printPages(context, columns, ({ limit, cursor }) => {
    const from = Number(cursor ?? 0);
    const upTo = from + limit;
    return Promise.resolve({ total: rows.length, rows: rows.slice(from, upTo), next: upTo < rows.length ? String(upTo) : null });
  });

export const tableOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string =>
  table(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map(({ of }) => String(of(row) ?? '-'))),
  );

/** RFC 4180, with a line feed alone at the end. */
const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",\r\n]/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
