import { DeviceName, firstProblem, RevocationReason, SerialHex, Sha256Hex } from '../../contract/index.ts';
import { mustBeWhole, readCsv, type CsvRow } from '../registration/index.ts';

/** A line of a list of what to revoke; exactly one of the three names, and a reason where the line has its own. */
export interface ListedCertificate {
  readonly line: number;
  readonly device?: string;
  readonly serial?: string;
  readonly fingerprint?: string;
  readonly reason?: RevocationReason;
}

const columns = ['device', 'serial', 'fingerprint'] as const;

/**
 * Reads a list of what to revoke. The first line names the columns: `device`, `serial` or `fingerprint`, one or more of them, and
 * optionally `reason`; others are left alone. LIST_INVALID names every kind of bad line by its number; then nothing is read at all.
 */
export function readRevocationList(text: string): ListedCertificate[] {
  const listed: ListedCertificate[] = [];
  const problems: string[] = [];
  for (const { record, line } of readCsv(text, columns)) {
    const read = readLine(record, line);
    if (typeof read === 'string') problems.push(`line ${String(line)}: ${read}`);
    else listed.push(read);
  }
  mustBeWhole(problems);
  return listed;
}

/** What the line names, or what is wrong with it. */
function readLine(record: CsvRow['record'], line: number): ListedCertificate | string {
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
  if (!checked.success) return `“${given.slice(0, 80)}” is not a ${String(column)} (${firstProblem(checked.error, given).problem})`;
  const reason = record['reason'] ?? '';
  if (reason === '') return { line, [column ?? 'device']: checked.data };
  const known = RevocationReason.safeParse(reason);
  if (!known.success) return `“${reason.slice(0, 40)}” is not a reason (${RevocationReason.options.join(', ')})`;
  return { line, [column ?? 'device']: checked.data, reason: known.data };
}
