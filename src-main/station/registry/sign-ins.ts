import { z } from 'zod';
import type { Face, Operator } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import { hashOfCredential, newCredential } from './credentials.ts';
import type { Operators } from './operators.ts';
import type { Store } from './store.ts';

/** Who is signed in at which face. A credential has 256 random bits; the database holds its SHA-256. */
export class SignIns {
  readonly #store: Store;
  readonly #operators: Operators;

  constructor(store: Store, operators: Operators) {
    this.#store = store;
    this.#operators = operators;
  }

  /** A new credential of this operator for `hours`. */
  add({ name }: Operator, face: Face, hours: number): { readonly credential: string; readonly expiresAt: string } {
    const credential = newCredential();
    const [at, expiresAt] = [this.#store.now(), instant(this.#store.clock.now() + hours * 3_600_000)];
    this.#store.transaction(() => {
      this.#store.sql('DELETE FROM sign_ins WHERE expires_at <= ?').run(at);
      this.#store
        .sql('INSERT INTO sign_ins (hash, operator, face, at, expires_at) VALUES (?, ?, ?, ?, ?)')
        .run(hashOfCredential(credential), name, face, at, expiresAt);
      this.#store.audit(name, 'operator.sign-in', name, { face, until: expiresAt });
    });
    return { credential, expiresAt };
  }

  /** Null for a credential that was never given, has expired or was given back. */
  find(credential: string): Operator | null {
    const name = this.#store
      .values(z.string(), 'SELECT operator FROM sign_ins WHERE hash = ? AND expires_at > ?')
      .get(hashOfCredential(credential), this.#store.now());
    return name === null ? null : this.#operators.find(name);
  }

  /** Nobody is signed in any more: the station was restored, and who signed out since is not known. */
  removeAll(): void {
    this.#store.sql('DELETE FROM sign_ins').run();
  }

  remove(credential: string, actor: string): void {
    this.#store.transaction(() => {
      const { changes } = this.#store.sql('DELETE FROM sign_ins WHERE hash = ?').run(hashOfCredential(credential));
      if (changes > 0) this.#store.audit(actor, 'operator.sign-out', actor);
    });
  }
}
