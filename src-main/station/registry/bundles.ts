import { z } from 'zod';
import { BundleView, storedFailure, type BundleFormat } from '../../contract/index.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { contains, statusNow, type Store } from './store.ts';

export interface BundleRecord {
  readonly serial: string;
  readonly run: string;
  readonly device: string;
  readonly format: BundleFormat;
  readonly proveHours: number;
  readonly linkUntil: string | null;
}

/** A bundle and the status that its certificate has. */
const BundleRow = BundleView.omit({ proof: true, why: true })
  .extend({ run: z.string(), proveHours: z.number(), failure: z.string().transform(storedFailure).nullable() })
  .transform(({ failure, ...row }) => ({ ...row, why: row.state === 'ENDED' ? failure : null }));
export type BundleRow = z.output<typeof BundleRow>;

const columns = `b.serial, b.run, b.device, b.format, b.prove_hours AS proveHours, b.link_until AS linkUntil, b.delivered_at AS deliveredAt,
  b.created_at AS createdAt, r.failure,
  CASE WHEN r.verdict = 'NOT_VERIFIED' THEN r.deadline END AS proveBy,
  CASE WHEN ${statusNow} IN ('REVOKED','EXPIRED') THEN 'ENDED' WHEN r.verdict = 'PASS' THEN 'PROVEN'
       WHEN b.delivered_at IS NULL THEN 'OFFERED' ELSE 'DELIVERED' END AS state`;
const from = `bundles b JOIN certificates c ON c.serial = b.serial JOIN runs r ON r.id = b.run`;
const select = `SELECT ${columns} FROM ${from}`;

/** What was handed out as bundles; never what is in them. */
export class Bundles {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add({ serial, run, device, format, proveHours, linkUntil }: BundleRecord): void {
    this.#store
      .sql('INSERT INTO bundles (serial, run, device, format, prove_hours, link_until, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(serial, run, device, format, proveHours, linkUntil, this.#store.now());
  }

  delivered(serial: string): void {
    this.#store.sql('UPDATE bundles SET delivered_at = ? WHERE serial = ? AND delivered_at IS NULL').run(this.#store.now(), serial);
  }

  get(serial: string): BundleRow | null {
    return this.#store.query(BundleRow, `${select} WHERE b.serial = ?`).get(serial);
  }

  /** OFFERED or DELIVERED ones of a device. */
  pendingOf(device: string): BundleRow[] {
    return this.#rows(`b.device = ? AND ${statusNow} = 'SIGNED'`, device);
  }

  /** DELIVERED, of any device. */
  delivering(): BundleRow[] {
    return this.#rows(`b.delivered_at IS NOT NULL AND ${statusNow} = 'SIGNED' AND r.verdict = ?`, 'NOT_VERIFIED');
  }

  /** Newest first. */
  list({ search, ...page }: PageRequest & { search: string }): Page<BundleRow> {
    const like = contains(search);
    const list = {
      shape: BundleRow,
      columns,
      from,
      where: `(? = '%%' OR b.device LIKE ? ESCAPE '\\' OR b.serial LIKE ? ESCAPE '\\')`,
      by: ['b.created_at', 'b.serial'],
      order: 'DESC',
      key: (row: BundleRow) => [row.createdAt, row.serial],
    } as const;
    return pageOf(this.#store, list, [like, like, like], page);
  }

  #rows(where: string, value: string): BundleRow[] {
    return this.#store.query(BundleRow, `${select} WHERE ${where} ORDER BY b.created_at`).all(value);
  }
}
