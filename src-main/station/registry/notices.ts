import { z } from 'zod';
import { ExpiryNotice } from '../../contract/index.ts';
import { statusNow, type Store } from './store.ts';

/** Days before the end of a certificate at which somebody is told, the last first. */
export const noticeDays = [1, 3, 7, 14, 30] as const;

const dayMs = 86_400_000;
/** Recorded in one transaction: the line wants its turn, too. */
const atOnce = 500;

const view = `SELECT n.serial, c.use, c.device, n.days, n.at, c.not_after AS notAfter, n.published_at AS publishedAt
  FROM notices n JOIN certificates c ON c.serial = n.serial`;

const Due = z.object({ serial: z.string(), days: z.int() });

/** Which ends were told of, each once: what a row here says is never said again, whatever the clock does. */
export class Notices {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Records what is due now: for each certificate of a device or a broker in force, the nearest threshold that it has come under, unless that or a
   * nearer one was told before. Returns how many, at most a batch.
   */
  record(): number {
    const now = this.#store.clock.now();
    const ends = noticeDays.map((days) => new Date(now + days * dayMs).toISOString());
    const reached = noticeDays.map((days) => `WHEN c.not_after <= ? THEN ${String(days)}`).join(' ');
    return this.#store.transaction(() => {
      const due = this.#store
        .query(
          Due,
          `SELECT * FROM (SELECT c.serial, CASE ${reached} END AS days FROM certificates c
             WHERE c.status = 'ACTIVE' AND c.use IN ('device','server') AND c.not_after > ? AND c.not_after <= ?) AS near
           WHERE NOT EXISTS (SELECT 1 FROM notices n WHERE n.serial = near.serial AND n.days <= near.days) LIMIT ${String(atOnce)}`,
        )
        .all(...ends, this.#store.now(), ends.at(-1));
      for (const { serial, days } of due) {
        this.#store.sql('INSERT INTO notices (serial, days, at) VALUES (?, ?, ?)').run(serial, days, this.#store.now());
        this.#store.recorded('alert', `${serial}/${String(days)}`);
      }
      return due.length;
    });
  }

  /** Not yet sent to the broker, of devices whose certificates are still in force; oldest first. */
  unpublished(limit: number): ExpiryNotice[] {
    return this.#store
      .query(
        ExpiryNotice,
        `${view} WHERE n.published_at IS NULL AND c.use = 'device' AND ${statusNow} = 'ACTIVE' ORDER BY n.at, n.serial LIMIT ?`,
      )
      .all(limit);
  }

  published({ serial, days }: ExpiryNotice): void {
    this.#store.sql('UPDATE notices SET published_at = ? WHERE serial = ? AND days = ?').run(this.#store.now(), serial, days);
  }
}
