import Database from 'better-sqlite3';
import { z } from 'zod';
import { RevocationReason } from '../../contract/index.ts';
import type { CrlScope } from './crls.ts';
import { Query } from './rows.ts';

const RevokedEntry = z.object({ serial: z.string(), revokedAt: z.string(), reason: RevocationReason });
export type RevokedEntry = Readonly<z.output<typeof RevokedEntry>>;

/** The revocations of one moment, to be read more than once while the station goes on writing. */
export interface RevocationSnapshot {
  /** The row number of the last revocation that this snapshot sees. */
  readonly upTo: number;
  /** What belongs into the next CRL: what no CRL had yet, and what has not ended before `keepAfter`. Oldest first; streamed. */
  entries(scope: CrlScope, keepAfter: string): Iterable<RevokedEntry>;
  /** What stood in an earlier CRL, in the same order. */
  entriesOf(scope: CrlScope, number: number): Iterable<RevokedEntry>;
  close(): void;
}

/** A second, read-only connection inside one read transaction: a cursor would block the writer's own connection. */
export function openRevocationSnapshot(databasePath: string): RevocationSnapshot {
  const db = new Database(databasePath, { readonly: true });
  db.exec('BEGIN');
  const select = (which: string): string =>
    `SELECT serial, recorded_at AS revokedAt, reason FROM revocations WHERE issuer = ? AND partition = ? AND ${which} ORDER BY recorded_at, serial`;
  const entries = (which: string): Query<RevokedEntry> => new Query(db.prepare(select(which)), RevokedEntry);
  // The first read fixes what the transaction sees.
  const upTo = new Query(db.prepare('SELECT coalesce(max(rowid), 0) FROM revocations').pluck(), z.int()).one();
  return {
    upTo,
    entries: ({ issuer, partition }, keepAfter) => entries('(crl_number IS NULL OR not_after >= ?)').iterate(issuer, partition, keepAfter),
    entriesOf: ({ issuer, partition }, number) =>
      entries('crl_number <= ? AND (left_crl IS NULL OR left_crl > ?)').iterate(issuer, partition, number, number),
    close: () => db.close(),
  };
}
