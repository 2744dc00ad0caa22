import Database from 'better-sqlite3';
import type { RevocationReason } from '../../contract/index.ts';
import type { CrlScope } from './crls.ts';

export interface RevokedEntry {
  readonly serial: string;
  readonly revokedAt: string;
  readonly reason: RevocationReason;
}

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
  // The first read fixes what the transaction sees.
  const { upTo } = db.prepare<[], { upTo: number }>('SELECT coalesce(max(rowid), 0) AS upTo FROM revocations').get() ?? { upTo: 0 };
  return {
    upTo,
    entries: ({ issuer, partition }, keepAfter) =>
      db
        .prepare<[string, number, string], RevokedEntry>(select('(crl_number IS NULL OR not_after >= ?)'))
        .iterate(issuer, partition, keepAfter),
    entriesOf: ({ issuer, partition }, number) =>
      db
        .prepare<[string, number, number, number], RevokedEntry>(select('crl_number <= ? AND (left_crl IS NULL OR left_crl > ?)'))
        .iterate(issuer, partition, number, number),
    close: () => db.close(),
  };
}
