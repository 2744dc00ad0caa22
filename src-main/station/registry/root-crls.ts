import { z } from 'zod';
import { bytes, json } from './rows.ts';
import type { Store } from './store.ts';

/** The newest revocation list of a CA that is not this station's, as it was imported. */
const RootCrlRecord = z.object({
  /** Of the CA's certificate. */
  fingerprint: z.string(),
  der: bytes,
  /** Decimal; null where the list has none. */
  number: z.string().nullable(),
  thisUpdate: z.string(),
  nextUpdate: z.string(),
  entries: z.int(),
  /** Issuers of this station that it names. */
  revoked: json(z.array(z.string())),
  importedAt: z.string(),
});
export type RootCrlRecord = Readonly<z.output<typeof RootCrlRecord>>;

const columns = `fingerprint, der, number, this_update AS thisUpdate, next_update AS nextUpdate, entries, revoked, imported_at AS importedAt`;

/** Revocation lists of customers' CAs, one for each. */
export class RootCrls {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(fingerprint: string): RootCrlRecord | null {
    return this.#store.query(RootCrlRecord, `SELECT ${columns} FROM root_crls WHERE fingerprint = ?`).get(fingerprint);
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
