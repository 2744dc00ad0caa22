import { z } from 'zod';
import { CrlChange, CrlView } from '../../contract/index.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { bytes, flag } from './rows.ts';
import type { Store } from './store.ts';

/** A part of an issuer's revocations, with a CRL and a sequence of numbers of its own. */
export interface CrlScope {
  readonly issuer: string;
  readonly partition: number;
}

export interface CrlRecord extends Omit<CrlView, 'added' | 'dropped' | 'publishedAt'> {
  readonly signature: Uint8Array;
  /** Whether it names its distribution point: a list of one of several partitions does. */
  readonly namesPoint: boolean;
}

/** What a CRL was made of: the revocations up to `upTo` (a row number), but for those that ended before `keepAfter` and were listed after it. */
export interface CrlContent {
  readonly upTo: number;
  readonly keepAfter: string;
}

const columns = `issuer, partition, number, this_update AS thisUpdate, next_update AS nextUpdate, entries, added, dropped, bytes, sha256,
  published_at AS publishedAt`;
const changes = `r.serial, c.device, r.reason, r.recorded_at AS revokedAt, r.not_after AS notAfter`;

const Unlisted = z.object({ count: z.int(), since: z.string().nullable() });

const numberKey = ({ issuer, partition }: CrlScope): string =>
  partition === 0 ? `crl.number.${issuer}` : `crl.number.${issuer}/${String(partition)}`;

/** The CRLs of each scope: numbers, what they carry, and how one differs from another. */
export class Crls {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Taken before the CRL is signed, so that a number is never used twice, even after a crash. Higher than `above`, too: what was seen of
   * numbers elsewhere, which a registry that was restored from a backup does not know.
   */
  nextNumber(scope: CrlScope, above = 0): number {
    const key = numberKey(scope);
    return this.#store.transaction(() => {
      const number = Math.max(this.lastNumber(scope), above) + 1;
      this.#store.setSetting(key, String(number));
      return number;
    });
  }

  /** The highest number that was ever taken or seen; 0 where there was none. */
  lastNumber(scope: CrlScope): number {
    return Number(this.#store.setting(numberKey(scope)) ?? '0');
  }

  /** A list with this number exists: the next one is higher. */
  seen(scope: CrlScope, number: number): void {
    const key = numberKey(scope);
    this.#store.setSetting(key, String(Math.max(this.lastNumber(scope), number)));
  }

  /** Records a finished CRL, and with it what came into it and what left it. `actor`: who granted the session that signed it. */
  record(crl: CrlRecord, { upTo, keepAfter }: CrlContent, actor: string): void {
    const { issuer, partition, number } = crl;
    const run = (sql: string, ...values: unknown[]): number => this.#store.sql(sql).run(...values).changes;
    this.#store.transaction(() => {
      // A clock that was set back brings an entry back: its certificate is good again for whoever believes that clock.
      run(
        'UPDATE revocations SET left_crl = NULL WHERE issuer = ? AND partition = ? AND left_crl IS NOT NULL AND not_after >= ?',
        issuer,
        partition,
        keepAfter,
      );
      const dropped = run(
        `UPDATE revocations SET left_crl = ? WHERE issuer = ? AND partition = ? AND left_crl IS NULL AND not_after < ? AND crl_number IS NOT NULL`,
        number,
        issuer,
        partition,
        keepAfter,
      );
      const added = run(
        'UPDATE revocations SET crl_number = ? WHERE issuer = ? AND partition = ? AND crl_number IS NULL AND rowid <= ?',
        number,
        issuer,
        partition,
        upTo,
      );
      run(
        `INSERT INTO crls (issuer, partition, number, this_update, next_update, entries, added, dropped, bytes, sha256, signature, names_point)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        issuer,
        partition,
        number,
        crl.thisUpdate,
        crl.nextUpdate,
        crl.entries,
        added,
        dropped,
        crl.bytes,
        crl.sha256,
        crl.signature,
        crl.namesPoint ? 1 : 0,
      );
      this.#store.audit(actor, 'crl.sign', issuer, { partition, number, entries: crl.entries, added, dropped, sha256: crl.sha256 });
    });
  }

  published({ issuer, partition }: CrlScope, number: number): void {
    this.#store.transaction(() => {
      const { changes } = this.#store
        .sql('UPDATE crls SET published_at = ? WHERE issuer = ? AND partition = ? AND number = ? AND published_at IS NULL')
        .run(this.#store.now(), issuer, partition, number);
      if (changes > 0) this.#store.recorded('crl', `${issuer}/${String(partition)}`);
    });
  }

  newest(scope: CrlScope): CrlView | null {
    return this.list(scope, 1)[0] ?? null;
  }

  /** Of one partition, or of all of them (null); newest first. */
  history({ issuer, partition, ...page }: PageRequest & { issuer: string; partition: number | null }): Page<CrlView> {
    const list = {
      shape: CrlView,
      columns,
      from: 'crls',
      where: 'issuer = ? AND (? IS NULL OR partition = ?)',
      by: ['this_update', 'number', 'partition'],
      order: 'DESC',
      key: (row: CrlView) => [row.thisUpdate, row.number, row.partition],
    } as const;
    return pageOf(this.#store, list, [issuer, partition, partition], page);
  }

  /** Newest first. */
  list({ issuer, partition }: CrlScope, limit: number): CrlView[] {
    return this.#store
      .query(CrlView, `SELECT ${columns} FROM crls WHERE issuer = ? AND partition = ? ORDER BY number DESC LIMIT ?`)
      .all(issuer, partition, limit);
  }

  get({ issuer, partition }: CrlScope, number: number): CrlView | null {
    return this.#store
      .query(CrlView, `SELECT ${columns} FROM crls WHERE issuer = ? AND partition = ? AND number = ?`)
      .get(issuer, partition, number);
  }

  /** Null for one that is not here, or was signed before signatures were kept. */
  signature({ issuer, partition }: CrlScope, number: number): Buffer | null {
    return this.#store
      .values(bytes.nullable(), 'SELECT signature FROM crls WHERE issuer = ? AND partition = ? AND number = ?')
      .get(issuer, partition, number);
  }

  namesPoint({ issuer, partition }: CrlScope, number: number): boolean {
    const names = this.#store
      .values(flag, 'SELECT names_point FROM crls WHERE issuer = ? AND partition = ? AND number = ?')
      .get(issuer, partition, number);
    return names === true;
  }

  /** What came in after number `from` and up to `to`, oldest first, and what left; `limit` of each. */
  changes({ issuer, partition }: CrlScope, from: number, to: number, limit: number): { added: CrlChange[]; dropped: CrlChange[] } {
    const read = (column: 'crl_number' | 'left_crl'): CrlChange[] =>
      this.#store
        .query(
          CrlChange,
          `SELECT ${changes}, r.${column} AS number FROM revocations r JOIN certificates c ON c.serial = r.serial
             WHERE r.issuer = ? AND r.partition = ? AND r.${column} > ? AND r.${column} <= ? ORDER BY r.${column}, r.recorded_at, r.serial LIMIT ?`,
        )
        .all(issuer, partition, from, to, limit);
    return { added: read('crl_number'), dropped: read('left_crl') };
  }

  /** How many revocations no CRL carries yet, and since when. */
  unlisted({ issuer, partition }: CrlScope): { count: number; since: string | null } {
    return this.#store
      .query(
        Unlisted,
        'SELECT count(*) AS count, min(recorded_at) AS since FROM revocations WHERE issuer = ? AND partition = ? AND crl_number IS NULL',
      )
      .one(issuer, partition);
  }

  /** True when this scope's CRL may do without the certificate: it ended before `keepAfter`, and a CRL made after its end had it. */
  mayLeave({ issuer, partition }: CrlScope, serial: string, keepAfter: string): boolean {
    const found = this.#store
      .values(
        z.int(),
        'SELECT 1 FROM revocations WHERE serial = ? AND issuer = ? AND partition = ? AND not_after < ? AND crl_number IS NOT NULL',
      )
      .get(serial, issuer, partition, keepAfter);
    return found !== null;
  }

  /** Serial numbers that left after number `since`. */
  leftSince({ issuer, partition }: CrlScope, since: number): string[] {
    return this.#store
      .values(z.string(), 'SELECT serial FROM revocations WHERE issuer = ? AND partition = ? AND left_crl > ?')
      .all(issuer, partition, since);
  }

  /** The number that the broker host has, as far as is known. */
  publishedNumber({ issuer, partition }: CrlScope): number {
    return this.#store
      .values(z.int(), 'SELECT coalesce(max(number), 0) FROM crls WHERE issuer = ? AND partition = ? AND published_at IS NOT NULL')
      .one(issuer, partition);
  }
}
