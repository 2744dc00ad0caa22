import { createHash } from 'node:crypto';
import { Failure, type BulkSelector, type CertificateRow, type CertificateStatus, type RevocationReason } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { mustBeWhole } from '../registration/index.ts';
import { readRevocationList } from './list-file.ts';
import { revokeCertificate, type RevocationCause } from './revoke.ts';

/** A certificate that a selection hits; `reason` where the list has one of its own for it. */
export interface Hit {
  readonly row: CertificateRow;
  readonly reason: RevocationReason | null;
}

export interface Selection {
  /** Those that can still be revoked. */
  readonly hits: readonly Hit[];
  /** All that were selected, by status: the rest are revoked or expired already. */
  readonly byStatus: Readonly<Partial<Record<CertificateStatus, number>>>;
  /** Names exactly these hits: what is revoked must be what was shown. */
  readonly digest: string;
}

const isFinal = ({ status }: CertificateRow): boolean => status === 'REVOKED' || status === 'EXPIRED';
/** Certificates in one transaction: long enough to share the sync to disk, short enough for the line not to notice. */
const atOnce = 200;

const nothingSelected = ({ order, issued }: BulkSelector): Failure =>
  new Failure('NOTHING_SELECTED', {
    selection:
      order !== undefined
        ? `the work order “${order}”`
        : issued === undefined
          ? 'this list'
          : `the time from ${issued.from} to ${issued.to}`,
  });

/** What a selector means right now. NOTHING_SELECTED when it selects nothing; LIST_INVALID for a list with a bad line. */
export function selectMany(registry: Registry, selector: BulkSelector): Selection {
  const all = selector.csv === undefined ? selectRows(registry, selector) : selectListed(registry, selector.csv);
  if (all.length === 0) throw nothingSelected(selector);
  const byStatus: Partial<Record<CertificateStatus, number>> = {};
  for (const { row } of all) byStatus[row.status] = (byStatus[row.status] ?? 0) + 1;
  const hits = all.filter(({ row }) => !isFinal(row));
  const names = hits.map(({ row, reason }) => `${row.serial} ${reason ?? ''}`).sort();
  return { hits, byStatus, digest: createHash('sha256').update(names.join('\n')).digest('hex') };
}

function selectRows({ certificates }: Registry, { order, issued }: BulkSelector): Hit[] {
  const rows = issued === undefined ? certificates.ofOrder(order ?? '') : certificates.issuedBetween(issued.from, issued.to);
  return rows.map((row) => ({ row, reason: null }));
}

/** Every line must name a certificate of this station; two lines about one certificate must agree. */
function selectListed({ certificates }: Registry, csv: string): Hit[] {
  const hits = new Map<string, Hit>();
  const problems: string[] = [];
  for (const { line, reason = null, ...names } of readRevocationList(csv)) {
    const rows = certificates.select(names);
    if (rows.length === 0) problems.push(`line ${String(line)}: this station issued no certificate for ${Object.values(names).join('')}`);
    for (const row of rows) {
      const before = hits.get(row.serial);
      if (before !== undefined && before.reason !== reason)
        problems.push(`line ${String(line)}: another line gives another reason for serial ${row.serial}`);
      hits.set(row.serial, { row, reason });
    }
  }
  mustBeWhole(problems);
  return [...hits.values()];
}

export interface BulkTerms extends RevocationCause {
  /** Of the selection that was shown. */
  readonly digest: string;
}

/** Revokes what was shown, and nothing else: SELECTION_CHANGED when the selector means something else by now. Returns serial numbers. */
export async function revokeMany(registry: Registry, selector: BulkSelector, terms: BulkTerms): Promise<string[]> {
  const { digest: shown, ...cause } = terms;
  const { hits, digest } = selectMany(registry, selector);
  if (digest !== shown) throw new Failure('SELECTION_CHANGED', { count: hits.length });
  const revoked: string[] = [];
  for (let start = 0; start < hits.length; start += atOnce) {
    registry.store.transaction(() => {
      for (const { row, reason } of hits.slice(start, start + atOnce))
        if (revokeCertificate(registry, row.serial, { ...cause, reason: reason ?? cause.reason })) revoked.push(row.serial);
    });
    // The serial lines of units that are being made want their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return revoked;
}
