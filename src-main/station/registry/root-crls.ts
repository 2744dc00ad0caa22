import type { Row, Store } from './store.ts';

/** The newest revocation list of a CA that is not this station's, as it was imported. */
export interface RootCrlRecord {
  /** Of the CA's certificate. */
  readonly fingerprint: string;
  readonly der: Buffer;
  /** Decimal; null where the list has none. */
  readonly number: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly entries: number;
  /** Issuers of this station that it names. */
  readonly revoked: readonly string[];
  readonly importedAt: string;
}

const columns = `fingerprint, der, number, this_update AS thisUpdate, next_update AS nextUpdate, entries, revoked, imported_at AS importedAt`;

/** Revocation lists of customers' CAs, one for each. */
export class RootCrls {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(fingerprint: string): RootCrlRecord | null {
    const row: Row | undefined = this.#store.sql(`SELECT ${columns} FROM root_crls WHERE fingerprint = ?`).get(fingerprint);
    return row === undefined ? null : { ...(row as unknown as RootCrlRecord), revoked: JSON.parse(String(row['revoked'])) as string[] };
  }

  keep(crl: Omit<RootCrlRecord, 'importedAt'>, actor: string): void {
    this.#store.transaction(() => {
      const { fingerprint, der, number, thisUpdate, nextUpdate, entries, revoked } = crl;
      this.#store
        .sql(
          `INSERT OR REPLACE INTO root_crls (fingerprint, der, number, this_update, next_update, entries, revoked, imported_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(fingerprint, der, number, thisUpdate, nextUpdate, entries, JSON.stringify(revoked), this.#store.now());
      this.#store.audit(actor, 'root-crl.import', fingerprint, { number, thisUpdate, nextUpdate, entries, revoked });
    });
  }
}
