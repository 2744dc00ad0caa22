import Database from 'better-sqlite3';
import type { RevocationReason } from '../../contract/index.ts';

export interface RevokedEntry {
  readonly serial: string;
  readonly revokedAt: string;
  readonly reason: RevocationReason;
}

/** The revocations of one moment, to be read more than once while the station goes on writing. */
export interface RevocationSnapshot {
  /** Entries of an issuer whose certificates end after `keepAfter`, oldest first; streamed. */
  entries(issuer: string, keepAfter: string): Iterable<RevokedEntry>;
  close(): void;
}

/** A second, read-only connection inside one read transaction: a cursor would block the writer's own connection. */
export function openRevocationSnapshot(databasePath: string): RevocationSnapshot {
  const db = new Database(databasePath, { readonly: true });
  db.exec('BEGIN');
  const entries = db.prepare<[string, string], RevokedEntry>(
    `SELECT r.serial, r.recorded_at AS revokedAt, r.reason FROM revocations r JOIN certificates c ON c.serial = r.serial
     WHERE r.issuer = ? AND c.not_after > ? ORDER BY r.recorded_at, r.serial`,
  );
  // The first read fixes what the transaction sees.
  db.prepare('SELECT count(*) FROM settings').get();
  return { entries: (issuer, keepAfter) => entries.iterate(issuer, keepAfter), close: () => db.close() };
}
