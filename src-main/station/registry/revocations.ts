import { z } from 'zod';
import { RevocationView } from '../../contract/index.ts';
import type { CrlScope } from './crls.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import type { RevokedEntry } from './snapshot.ts';
import { contains, type Store } from './store.ts';

/** Nobody of ours can see that clients refuse a broker: its certificate's revocation has arrived when the list is out. */
const isWaiting = `r.effective_at IS NULL AND (c.use <> 'server' OR r.published_at IS NULL)`;
const columns = `r.serial, c.use, c.device, r.reason, r.note, r.operator,
  CASE WHEN r.effective_at IS NOT NULL THEN 'EFFECTIVE' WHEN r.published_at IS NOT NULL THEN 'PUBLISHED' ELSE 'RECORDED' END AS state,
  r.recorded_at AS recordedAt, r.published_at AS publishedAt, r.effective_at AS effectiveAt, r.crl_number AS crlNumber,
  r.live_session_gone_ms AS liveSessionGoneMs`;
const from = 'revocations r JOIN certificates c ON c.serial = r.serial';
const view = `SELECT ${columns} FROM ${from}`;

/** Whose certificate it is that only a revocation list tells of: a name as devices have them, for all who take names apart. */
const unknownDevice = (serial: string): string => `unknown/${serial}`;

const Scope = z.object({ issuer: z.string(), partition: z.int() });

/** How far each revocation has come. */
export class Revocations {
  readonly #store: Store;
  #hear: (serials: readonly string[]) => void = () => undefined;
  readonly #tell = (serials: readonly string[]): void => this.#hear(serials);

  constructor(store: Store) {
    this.#store = store;
  }

  /** Hears what each transaction has revoked, once it is durable. */
  listen(hear: (serials: readonly string[]) => void): void {
    this.#hear = hear;
  }

  /** Inside the transaction of the revocation: the broker host has to learn of it, and whoever listens. */
  recorded(serial: string): void {
    this.#store.owe('revocation', serial);
    this.#store.afterCommit(this.#tell, serial);
  }

  /** Newest first; `waiting`: only those that are not EFFECTIVE. */
  list({ search, waiting, ...page }: PageRequest & { search: string; waiting: boolean }): Page<RevocationView> {
    const like = contains(search);
    const list = {
      shape: RevocationView,
      columns,
      from,
      where: `c.use IN ('device','server') AND (${waiting ? isWaiting : '1'}) AND (? = '%%' OR c.device LIKE ? ESCAPE '\\' OR r.serial LIKE ? ESCAPE '\\')`,
      by: ['r.recorded_at', 'r.serial'],
      order: 'DESC',
      key: (row: RevocationView) => [row.recordedAt, row.serial],
    } as const;
    return pageOf(this.#store, list, [like, like, like], page);
  }

  count(): number {
    return this.#store.values(z.int(), 'SELECT count(*) FROM revocations').one();
  }

  get(serial: string): RevocationView | null {
    return this.#store.query(RevocationView, `${view} WHERE r.serial = ?`).get(serial);
  }

  /** Not yet EFFECTIVE, oldest first. */
  waiting(): RevocationView[] {
    return this.#store.query(RevocationView, `${view} WHERE ${isWaiting} ORDER BY r.recorded_at`).all();
  }

  /** Does this certificate belong to the list, as far as is known here? */
  fits({ issuer, partition }: CrlScope, serial: string): boolean {
    const known = this.#store.query(Scope, 'SELECT issuer, partition FROM certificates WHERE serial = ?').get(serial);
    return known === null || (known.issuer === issuer && known.partition === partition);
  }

  /**
   * Records what a signed list says and this registry does not know, with the list's reason and time. A certificate that is not known either
   * gets a record: nothing is known of it but that it ends with its issuer at the latest. One that has expired
   * leaves the lists after the next one. Inside the transaction of the whole list.
   */
  adopt(
    { issuer, partition }: CrlScope,
    { serial, reason, revokedAt }: RevokedEntry,
    from: { readonly number: number; readonly notAfter: string; readonly note: string; readonly actor: string },
  ): void {
    const now = this.#store.now();
    const { changes: added } = this.#store
      .sql(
        `INSERT INTO certificates (serial, issuer, partition, use, device, status, spki_sha256, not_before, not_after, created_at, updated_at)
           VALUES (?, ?, ?, 'device', ?, 'REVOKED', '', ?, ?, ?, ?) ON CONFLICT (serial) DO NOTHING`,
      )
      .run(serial, issuer, partition, unknownDevice(serial), revokedAt, from.notAfter, now, now);
    this.#store.sql(`UPDATE certificates SET status = 'REVOKED', updated_at = ? WHERE serial = ? AND status <> 'REVOKED'`).run(now, serial);
    this.#store
      .sql(
        `INSERT INTO revocations (serial, issuer, partition, not_after, reason, note, operator, recorded_at)
           SELECT serial, issuer, partition, not_after, ?, ?, ?, ? FROM certificates WHERE serial = ?`,
      )
      .run(reason, from.note, from.actor, revokedAt, serial);
    this.#store.audit(from.actor, 'certificate.adopt', serial, {
      list: from.number,
      reason,
      revokedAt,
      note: from.note,
      certificateKnown: added === 0,
    });
    this.recorded(serial);
  }

  published(serials: readonly string[]): void {
    this.#store.transaction(() => {
      const now = this.#store.now();
      for (const serial of serials)
        this.#store.sql('UPDATE revocations SET published_at = ? WHERE serial = ? AND published_at IS NULL').run(now, serial);
    });
  }

  /** `liveSessionGoneMs` of a serial number is null when it had no live session. */
  effective(results: readonly { serial: string; liveSessionGoneMs: number | null }[]): void {
    this.#store.transaction(() => {
      const now = this.#store.now();
      for (const { serial, liveSessionGoneMs } of results)
        this.#store
          .sql('UPDATE revocations SET effective_at = ?, live_session_gone_ms = ? WHERE serial = ? AND effective_at IS NULL')
          .run(now, liveSessionGoneMs, serial);
    });
  }
}
