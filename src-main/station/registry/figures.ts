import { z } from 'zod';
import { CertificateStatus, CertificateUse } from '../../contract/index.ts';
import type { Store } from './store.ts';

const Certificates = z.object({ use: CertificateUse, status: CertificateStatus, n: z.int() });
const Runs = z.object({ profile: z.string(), verdict: z.string(), n: z.int() });
const dayMs = 86_400_000;

/** What monitoring counts. Nothing here goes through the certificates one by one. */
export class Figures {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** By their recorded status: one that ended is EXPIRED only where that was written. */
  certificates(): z.output<typeof Certificates>[] {
    return this.#store.query(Certificates, 'SELECT use, status, sum(n) AS n FROM certificate_counts GROUP BY use, status').all();
  }

  /** Certificates of devices in force, and not being replaced, that end within so many days. The first condition is that of the index. */
  ending(days: number): number {
    const until = new Date(this.#store.clock.now() + days * dayMs).toISOString();
    return this.#store
      .values(
        z.int(),
        `SELECT count(*) FROM certificates WHERE status IN ('RESERVED','SIGNED','ACTIVE','ROTATING') AND status IN ('SIGNED','ACTIVE')
           AND use = 'device' AND not_after >= clock_now() AND not_after < ?`,
      )
      .one(until);
  }

  /** Runs that have ended. */
  runs(): z.output<typeof Runs>[] {
    return this.#store
      .query(
        Runs,
        `SELECT o.device_profile AS profile, r.verdict, sum(r.n) AS n
           FROM (SELECT order_id, verdict, count(*) AS n FROM runs WHERE verdict IS NOT NULL GROUP BY order_id, verdict) r
           JOIN orders o ON o.id = r.order_id GROUP BY o.device_profile, r.verdict`,
      )
      .all();
  }
}
