import type { z } from 'zod';
import { RevocationRequestView } from '../../contract/index.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { bytes, flag } from './rows.ts';
import type { Store } from './store.ts';

const RequestRecord = RevocationRequestView.extend({
  /** DER. */
  certificate: bytes.nullable(),
  proven: flag,
});
export type RequestRecord = Readonly<z.output<typeof RequestRecord>>;

export type NewRequest = Omit<RequestRecord, 'state' | 'answeredAt' | 'answeredBy' | 'answer'>;

const columns = `id, direction, fingerprint, serial, subject, certificate, reason, note, station, operator, requested_at AS requestedAt, proven, state,
  answered_at AS answeredAt, answered_by AS answeredBy, answer`;

/** Requests for revocations between stations; answered once. */
export class Requests {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add(request: NewRequest, actor: string): void {
    this.#store.transaction(() => {
      const { id, direction, fingerprint, serial, subject, certificate, reason, note, station, operator, requestedAt, proven } = request;
      this.#store
        .sql(
          `INSERT INTO revocation_requests (id, direction, fingerprint, serial, subject, certificate, reason, note, station, operator, requested_at, proven)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(id, direction, fingerprint, serial, subject, certificate, reason, note, station, operator, requestedAt, proven ? 1 : 0);
      if (direction === 'sent') this.#store.recorded('request', id);
      this.#store.audit(actor, `request.${direction}`, id, { fingerprint, serial, reason, note, station, operator, proven });
    });
  }

  answer(id: string, answer: { accepted: boolean; by: string; note: string; at: string }, actor: string): void {
    this.#store.transaction(() => {
      const state = answer.accepted ? 'ACCEPTED' : 'REFUSED';
      this.#store
        .sql('UPDATE revocation_requests SET state = ?, answered_at = ?, answered_by = ?, answer = ? WHERE id = ?')
        .run(state, answer.at, answer.by, answer.note, id);
      this.#store.recorded('request', id);
      this.#store.audit(actor, 'request.answer', id, { state, by: answer.by, note: answer.note });
    });
  }

  get(id: string): RequestRecord | null {
    return this.#store.query(RequestRecord, `SELECT ${columns} FROM revocation_requests WHERE id = ?`).get(id);
  }

  /** Newest first; `open`: only those that wait for an answer. */
  list({ open, ...page }: PageRequest & { open: boolean }): Page<RequestRecord> {
    const list = {
      shape: RequestRecord,
      columns,
      from: 'revocation_requests',
      where: open ? `state = 'REQUESTED'` : '1',
      by: ['requested_at', 'id'],
      order: 'DESC',
      key: (row: RequestRecord) => [row.requestedAt, row.id],
    } as const;
    return pageOf(this.#store, list, [], page);
  }
}
