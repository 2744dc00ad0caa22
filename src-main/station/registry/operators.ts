import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Operator, Role } from '../../contract/index.ts';
import type { Store } from './store.ts';

/** scrypt N=2^15, r=8, p=1 (about 60 ms): stored as salt and hash in hex. */
const cost = { N: 32768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const hash = (password: string, salt: Buffer): Buffer => scryptSync(password.normalize('NFKC'), salt, 32, cost);

/** Who may work on this station. On a try-out station operators have no password. */
export class Operators {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add(name: string, role: Role, password: string | null, actor: string): void {
    const salt = randomBytes(16);
    const stored = password === null ? null : `${salt.toString('hex')}:${hash(password, salt).toString('hex')}`;
    this.#store.sql('INSERT INTO operators (name, role, password) VALUES (?, ?, ?)').run(name, role, stored);
    this.#store.audit(actor, 'operator.add', name, { role, passwordSet: stored !== null });
  }

  list(): Operator[] {
    const rows = this.#store.sql('SELECT name, role, password IS NOT NULL AS passwordSet FROM operators ORDER BY rowid').all();
    return rows.map((row) => ({ name: String(row['name']), role: row['role'] as Role, passwordSet: row['passwordSet'] === 1 }));
  }

  find(name: string): Operator | null {
    return this.list().find((operator) => operator.name === name) ?? null;
  }

  /** Null when name or password is wrong; takes equally long in both cases. */
  check(name: string, password: string): Operator | null {
    const row = this.#store.sql('SELECT password FROM operators WHERE name = ?').get(name) as { password: string | null } | undefined;
    if (row !== undefined && row.password === null) return this.find(name);
    const [salt, expected] = (row?.password ?? `${'00'.repeat(16)}:${'00'.repeat(32)}`).split(':').map((hex) => Buffer.from(hex, 'hex'));
    const right = timingSafeEqual(hash(password, salt ?? Buffer.alloc(16)), expected ?? Buffer.alloc(32));
    return right && row !== undefined ? this.find(name) : null;
  }
}
