import { parse } from 'csv-parse/sync';
import { DeviceName, Failure, RevocationReason, SerialHex, Sha256Hex } from '../../contract/index.ts';

/** A line of a list of what to revoke; exactly one of the three names, and a reason where the line has its own. */
export interface ListedCertificate {
  readonly line: number;
  readonly device?: string;
  readonly serial?: string;
  readonly fingerprint?: string;
  readonly reason?: RevocationReason;
}

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

const columns = ['device', 'serial', 'fingerprint'] as const;
/** Problems told at once: enough to see what kind of mistake it is. */
const told = 5;

/**
 * Reads CSV as spreadsheets write it: comma, semicolon or tab, quoted or not, any line end, with or without a byte order mark. The
 * first line names the columns: `device`, `serial` or `fingerprint`, one or more of them, and optionally `reason`; others are left
 * alone. LIST_INVALID names every kind of bad line by its number; then nothing is read at all.
 */
export function readRevocationList(text: string): ListedCertificate[] {
  const rows = parseCsv(text);
  const first = rows[0]?.record;
  if (first === undefined) throw new Failure('LIST_INVALID', { problems: 'there is no line below the heading' });
  if (!columns.some((column) => column in first))
    throw new Failure('LIST_INVALID', { problems: `line 1: no column is called ${columns.join(', ')}` });
  const listed: ListedCertificate[] = [];
  const problems: string[] = [];
  for (const { record, info } of rows) {
    const read = readLine(record, info.lines);
    if (typeof read === 'string') problems.push(`line ${String(info.lines)}: ${read}`);
    else listed.push(read);
  }
  mustBeWhole(problems);
  return listed;
}

/** LIST_INVALID with the first few problems and how many there are. */
export function mustBeWhole(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > told ? `; and ${String(problems.length - told)} more` : '';
  throw new Failure('LIST_INVALID', { problems: problems.slice(0, told).join('; ') + more });
}

function parseCsv(text: string): Parsed[] {
  try {
    return parse(text, {
      bom: true,
      columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
      delimiter: [',', ';', '\t'],
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Parsed[];
  } catch (thrown) {
    throw new Failure('LIST_INVALID', { problems: thrown instanceof Error ? thrown.message : 'it is not CSV' });
  }
}

/** What the line names, or what is wrong with it. */
function readLine(record: Parsed['record'], line: number): ListedCertificate | string {
  const named = columns.filter((column) => (record[column] ?? '') !== '');
  if (named.length !== 1) return `it must have exactly one of ${columns.join(', ')}`;
  const [column] = named;
  const given = record[column ?? 'device'] ?? '';
  const value = column === 'device' ? given : given.replace(/[\s:]/gu, '');
  const checked = {
    device: () => DeviceName.safeParse(value),
    serial: () => SerialHex.safeParse(value.toUpperCase()),
    fingerprint: () => Sha256Hex.safeParse(value.toLowerCase()),
  }[column ?? 'device']();
  if (!checked.success) return `“${given.slice(0, 80)}” is not a ${String(column)} (${checked.error.issues[0]?.message ?? 'invalid'})`;
  const reason = record['reason'] ?? '';
  if (reason === '') return { line, [column ?? 'device']: checked.data };
  const known = RevocationReason.safeParse(reason);
  if (!known.success) return `“${reason.slice(0, 40)}” is not a reason (${RevocationReason.options.join(', ')})`;
  return { line, [column ?? 'device']: checked.data, reason: known.data };
}
