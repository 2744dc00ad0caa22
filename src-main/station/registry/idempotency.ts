import { z } from 'zod';
import { instant } from '../clock.ts';
import type { Store } from './store.ts';

const Row = z.object({ call: z.string(), inputSha256: z.string(), answer: z.string().nullable(), ended: z.int() });
const keptMs = 24 * 3_600_000;

/** Calls that were made with a key of the caller’s, so that the same call twice is done once; kept for a day. */
export class IdempotentCalls {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  find(caller: string, key: string): { call: string; inputSha256: string; answer: string | null; ended: boolean } | null {
    const row = this.#store
      .query(Row, 'SELECT call, input_sha256 AS inputSha256, answer, ended FROM idempotent_calls WHERE caller = ? AND key = ? AND at > ?')
      .get(caller, key, this.#oldest());
    return row === null ? null : { ...row, ended: row.ended === 1 };
  }

  begin(caller: string, key: string, call: string, inputSha256: string): void {
    this.#store.transaction(() => {
      this.#store.sql('DELETE FROM idempotent_calls WHERE at <= ?').run(this.#oldest());
      this.#store
        .sql('INSERT INTO idempotent_calls (caller, key, call, input_sha256, at) VALUES (?, ?, ?, ?, ?)')
        .run(caller, key, call, inputSha256, this.#store.now());
    });
  }

  /** `answer` null: it has a secret in it, which is kept nowhere. */
  end(caller: string, key: string, answer: string | null): void {
    this.#store.transaction(() =>
      this.#store.sql('UPDATE idempotent_calls SET ended = 1, answer = ? WHERE caller = ? AND key = ?').run(answer, caller, key),
    );
  }

  /** It was refused, and nothing was done: the same key may be used again. */
  forget(caller: string, key: string): void {
    this.#store.transaction(() => this.#store.sql('DELETE FROM idempotent_calls WHERE caller = ? AND key = ?').run(caller, key));
  }

  #oldest(): string {
    return instant(this.#store.clock.now() - keptMs);
  }
}
