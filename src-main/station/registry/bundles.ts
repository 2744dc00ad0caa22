import { storedFailure, type BundleFormat, type BundleView } from '../../contract/index.ts';
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
export type BundleRow = Omit<BundleView, 'proof'> & Pick<BundleRecord, 'run' | 'proveHours'>;

const select = `SELECT b.serial, b.run, b.device, b.format, b.prove_hours AS proveHours, b.link_until AS linkUntil, b.delivered_at AS deliveredAt,
  b.created_at AS createdAt, r.failure,
  CASE WHEN r.verdict = 'NOT_VERIFIED' THEN r.deadline END AS proveBy,
  CASE WHEN ${statusNow} IN ('REVOKED','EXPIRED') THEN 'ENDED' WHEN r.verdict = 'PASS' THEN 'PROVEN'
       WHEN b.delivered_at IS NULL THEN 'OFFERED' ELSE 'DELIVERED' END AS state
  FROM bundles b JOIN certificates c ON c.serial = b.serial JOIN runs r ON r.id = b.run`;

function asBundle(row: Record<string, unknown>): BundleRow {
  const { failure, ...rest } = row;
  const why = rest['state'] === 'ENDED' && typeof failure === 'string' ? storedFailure(failure) : null;
  return { ...(rest as unknown as BundleRow), why };
}

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
    const row = this.#store.sql(`${select} WHERE b.serial = ?`).get(serial);
    return row === undefined ? null : asBundle(row);
  }

  /** OFFERED or DELIVERED ones of a device. */
  pendingOf(device: string): BundleRow[] {
    return this.#rows(`b.device = ? AND ${statusNow} = 'SIGNED'`, device);
  }

  /** DELIVERED, of any device. */
  delivering(): BundleRow[] {
    return this.#rows(`b.delivered_at IS NOT NULL AND ${statusNow} = 'SIGNED' AND r.verdict = ?`, 'NOT_VERIFIED');
  }

  list(filter: { search: string; limit: number; offset: number }): { total: number; rows: BundleRow[] } {
    const like = contains(filter.search);
    const where = `(? = '%%' OR b.device LIKE ? ESCAPE '\\' OR b.serial LIKE ? ESCAPE '\\')`;
    const total = this.#store.sql(`SELECT count(*) AS n FROM bundles b WHERE ${where}`).get(like, like, like) as { n: number };
    const rows = this.#store
      .sql(`${select} WHERE ${where} ORDER BY b.created_at DESC, b.serial LIMIT ? OFFSET ?`)
      .all(like, like, like, filter.limit, filter.offset);
    return { total: total.n, rows: rows.map(asBundle) };
  }

  #rows(where: string, value: string): BundleRow[] {
    return this.#store.sql(`${select} WHERE ${where} ORDER BY b.created_at`).all(value).map(asBundle);
  }
}
