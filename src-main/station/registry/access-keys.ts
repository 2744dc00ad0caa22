import { z } from 'zod';
import { AccessKeyView, Failure, type Role } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import { hashOfCredential, newCredential } from './credentials.ts';
import type { Store } from './store.ts';

const columns = 'name, role, at, added_by AS addedBy, expires_at AS expiresAt, withdrawn_at AS withdrawnAt, service';
const dayMs = 86_400_000;
/** So that a key that was found somewhere can be told from other secrets. */
const prefix = 'birthmark-key-';

/** Keys for programs that call the station without a person: a line computer, monitoring. */
export class AccessKeys {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The key itself is in the answer and nowhere else. INVALID_INPUT for a name that was given before. */
  add(
    { name, role, days, service = null }: { name: string; role: Role; days: number; service?: string | null },
    actor: string,
  ): { key: string | null; view: AccessKeyView } {
    const known = this.#store.values(z.int(), 'SELECT 1 FROM access_keys WHERE name = ?').get(name);
    if (known !== null) throw new Failure('INVALID_INPUT', { field: 'name', problem: `there was an access key “${name}” before` });
    if (service !== null && this.ofService(service) !== null)
      throw new Failure('INVALID_INPUT', { field: 'service', problem: `there is an access key for “${service}” already` });
    // Where a certificate opens, nobody is told the key.
    const key = `${prefix}${newCredential()}`;
    const [at, expiresAt] = [this.#store.now(), instant(this.#store.clock.now() + days * dayMs)];
    this.#store.transaction(() => {
      this.#store
        .sql('INSERT INTO access_keys (hash, name, role, at, added_by, expires_at, service) VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(hashOfCredential(key), name, role, at, actor, expiresAt, service);
      this.#store.audit(actor, 'access-key.add', name, { role, until: expiresAt, ...(service === null ? {} : { service }) });
    });
    return { key: service === null ? key : null, view: { name, role, at, addedBy: actor, expiresAt, withdrawnAt: null, service } };
  }

  list(): AccessKeyView[] {
    return this.#store.query(AccessKeyView, `SELECT ${columns} FROM access_keys ORDER BY at, name`).all();
  }

  /** Null for a key that was never given, has expired or was withdrawn. */
  find(key: string): AccessKeyView | null {
    return this.#store
      .query(AccessKeyView, `SELECT ${columns} FROM access_keys WHERE hash = ? AND expires_at > ? AND withdrawn_at IS NULL`)
      .get(hashOfCredential(key), this.#store.now());
  }

  /** The one in force that the certificates of this service open; null where there is none. */
  ofService(service: string): AccessKeyView | null {
    return this.#store
      .query(AccessKeyView, `SELECT ${columns} FROM access_keys WHERE service = ? AND expires_at > ? AND withdrawn_at IS NULL`)
      .get(service, this.#store.now());
  }

  /** NOT_FOUND for a name that no key in force has. */
  withdraw(name: string, actor: string): void {
    this.#store.transaction(() => {
      const { changes } = this.#store
        .sql('UPDATE access_keys SET withdrawn_at = ? WHERE name = ? AND withdrawn_at IS NULL')
        .run(this.#store.now(), name);
      if (changes === 0) throw new Failure('NOT_FOUND', { kind: 'access key in force', id: name });
      this.#store.audit(actor, 'access-key.withdraw', name);
    });
  }
}
