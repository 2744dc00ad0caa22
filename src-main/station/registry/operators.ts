import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Failure, Operator, type Role } from '../../contract/index.ts';
import { instant } from '../clock.ts';
import { flag } from './rows.ts';
import type { Store } from './store.ts';

/** scrypt N=2^15, r=8, p=1 (about 60 ms): stored as salt and hash in hex. */
const cost = { N: 32768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const hash = (password: string, salt: Buffer): Buffer => scryptSync(password.normalize('NFKC'), salt, 32, cost);

/** What is kept of a password. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${hash(password, salt).toString('hex')}`;
}

const freeTries = 5;

const OperatorRow = Operator.extend({ passwordSet: flag });
const SignInState = z.object({ password: z.string().nullable(), tries: z.int(), lockedUntil: z.string().nullable() });

/** Who may work on this station. On a try-out station operators have no password. */
export class Operators {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add(name: string, role: Role, password: string | null, actor: string): void {
    this.addHashed(name, role, password === null ? null : hashPassword(password), actor);
  }

  /** With a password that `hashPassword` took earlier. */
  addHashed(name: string, role: Role, stored: string | null, actor: string): void {
    this.#store.sql('INSERT INTO operators (name, role, password) VALUES (?, ?, ?)').run(name, role, stored);
    this.#store.audit(actor, 'operator.add', name, { role, passwordSet: stored !== null });
  }

  list(): Operator[] {
    return this.#store.query(OperatorRow, 'SELECT name, role, password IS NOT NULL AS passwordSet FROM operators ORDER BY rowid').all();
  }

  find(name: string): Operator | null {
    return this.list().find((operator) => operator.name === name) ?? null;
  }

  /**
   * Null when name or password is wrong; takes equally long in both cases. After five wrong ones in a row the name is locked for a
   * minute, then for twice as long each time, at most for an hour: SIGN_IN_LOCKED, whatever the password.
   */
  check(name: string, password: string): Operator | null {
    const row = this.#store
      .query(SignInState, 'SELECT password, tries, locked_until AS lockedUntil FROM operators WHERE name = ?')
      .get(name);
    if (row !== null && row.password === null) return this.find(name);
    if (row !== null && row.lockedUntil !== null && row.lockedUntil > this.#store.now())
      throw new Failure('SIGN_IN_LOCKED', { until: row.lockedUntil });
    const [salt, expected] = (row?.password ?? `${'00'.repeat(16)}:${'00'.repeat(32)}`).split(':').map((hex) => Buffer.from(hex, 'hex'));
    const right = timingSafeEqual(hash(password, salt ?? Buffer.alloc(16)), expected ?? Buffer.alloc(32));
    if (row === null) return null;
    this.#store.transaction(() => {
      this.#store
        .sql('UPDATE operators SET tries = ?, locked_until = ? WHERE name = ?')
        .run(right ? 0 : row.tries + 1, right ? null : this.#lockAfter(row.tries + 1), name);
      if (!right) this.#store.audit(name, 'operator.refused', name);
    });
    return right ? this.find(name) : null;
  }

  #lockAfter(tries: number): string | null {
    if (tries < freeTries) return null;
    return instant(this.#store.clock.now() + Math.min(60_000 * 2 ** (tries - freeTries), 3_600_000));
  }
}
