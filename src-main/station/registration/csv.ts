import { CsvError, parse } from 'csv-parse/sync';
import { Failure } from '../../contract/index.ts';

/** A row below the heading, by lower-case column, and the line of the file that it ends on. */
export interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  readonly line: number;
}

/** Problems told at once: enough to see what kind of mistake it is. */
const told = 5;

/**
 * Reads CSV as spreadsheets write it: comma, semicolon or tab, quoted or not, any line end, with or without a byte order mark; empty lines
 * are passed over. LIST_INVALID when it is none, has no row, has none of `columns`, a column twice, or, where `known` are given, another one.
 */
export function readCsv(text: string, columns: readonly string[], known: readonly string[] | null = null): CsvRow[] {
  let heading: string[] = [];
  const rows = parseWith(text, (names) => {
    heading = names.map((name) => name.trim().toLowerCase());
    return heading;
  });
  const twice = heading.find((name, index) => name !== '' && heading.indexOf(name) !== index);
  if (twice !== undefined) throw new Failure('LIST_INVALID', { problems: `line 1: two columns are called “${twice}”` });
  if (rows.length === 0) throw new Failure('LIST_INVALID', { problems: 'there is no line below the heading' });
  if (!columns.some((column) => heading.includes(column)))
    throw new Failure('LIST_INVALID', { problems: `line 1: no column is called ${columns.join(', ')}` });
  const strange = known === null ? [] : heading.filter((name) => !known.includes(name));
  if (strange.length > 0)
    throw new Failure('LIST_INVALID', {
      problems: `line 1: nothing is known of the column ${strange.map((name) => `“${name.slice(0, 40)}”`).join(', ')}; there are ${(known ?? []).join(', ')}, and fields of your own that are named with the list`,
    });
  return rows;
}

function parseWith(text: string, columns: (names: string[]) => string[]): CsvRow[] {
  try {
    const parsed = parse(text, {
      bom: true,
      columns,
      delimiter: delimiterOf(text),
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: Record<string, string>; info: { lines: number } }[];
    return parsed.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (thrown) {
    throw new Failure('LIST_INVALID', { problems: csvProblem(thrown) }, thrown);
  }
}

/** What csv-parse says by a code, in words with the line. */
function csvProblem(thrown: unknown): string {
  if (!(thrown instanceof CsvError)) return 'it is not CSV';
  const place = typeof thrown['lines'] === 'number' ? `line ${String(thrown['lines'])}: ` : '';
  switch (thrown.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return `${place}it has more or fewer values than there are columns`;
    case 'CSV_QUOTE_NOT_CLOSED':
      return `${place}a quotation mark is not closed`;
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `${place}a quotation mark stands inside a value`;
    default:
      return `${place}it is not CSV`;
  }
}

/** The one that the heading is written with: a comma in a remark separates nothing in a list with semicolons. */
function delimiterOf(text: string): string {
  const heading = /[^\r\n]+/u.exec(text)?.[0] ?? '';
  return [';', '\t', ','].find((delimiter) => heading.includes(delimiter)) ?? ',';
}

/** LIST_INVALID with the first few problems and how many there are. */
export function mustBeWhole(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > told ? `; and ${String(problems.length - told)} more` : '';
  throw new Failure('LIST_INVALID', { problems: problems.slice(0, told).join('; ') + more });
}
