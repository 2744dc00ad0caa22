import { z } from 'zod';
import { LoginView, TenantLogins } from '../../contract/index.ts';
import { flag, json } from './rows.ts';
import type { Store } from './store.ts';

const good = `EXISTS (SELECT 1 FROM certificates c WHERE c.device = l.username AND c.use = 'device' AND c.status IN ('SIGNED','ACTIVE','ROTATING') AND c.not_after >= clock_now())`;
/** A password that was given before a revocation does not outlive it; one that an officer gives afterwards was meant. */
const revoked = `EXISTS (SELECT 1 FROM certificates c JOIN revocations r ON r.serial = c.serial
  WHERE c.device = l.username AND c.use = 'device' AND r.reason <> 'superseded' AND r.recorded_at >= l.set_at)`;
/** Why a password is not taken; NULL: it is. */
const refusal = `CASE WHEN l.password IS NULL THEN 'no-password'
  WHEN l.kind = 'service' THEN NULL
  WHEN d.state IS NOT 'APPROVED' THEN 'not-approved'
  WHEN t.mode = 'certificates' THEN 'tenant'
  WHEN ${revoked} THEN 'revoked'
  WHEN ${good} AND t.mode IS NOT 'passwords' THEN 'certificate'
  END`;
const source = 'logins l LEFT JOIN devices d ON d.device = l.username LEFT JOIN tenant_logins t ON t.tenant = d.tenant';

const filters = { reads: json(z.array(z.string())), writes: json(z.array(z.string())) };
const LoginInForce = z.object({
  username: z.string(),
  kind: LoginView.shape.kind,
  /** A line's worth of Mosquitto's password_file; null: none is taken. */
  password: z.string().nullable(),
  ...filters,
});
export type LoginInForce = Readonly<z.output<typeof LoginInForce>>;
const LoginRow = LoginView.extend({ hasPassword: flag, ...filters });
const Rollback = TenantLogins.pick({ tenant: true, setBy: true });

/** Names with a password, services, and what each tenant's devices may log in with. */
export class Logins {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A new one, or another password for it; with its audit line, which does not have the password. */
  set({ username, kind, password, reads, writes }: LoginInForce, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql(
          `INSERT INTO logins (username, kind, password, reads, writes, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO UPDATE
            SET password = excluded.password, reads = excluded.reads, writes = excluded.writes, set_by = excluded.set_by, set_at = excluded.set_at`,
        )
        .run(username, kind, password, JSON.stringify(reads), JSON.stringify(writes), actor, this.#store.now());
      this.#store.audit(actor, 'login.set', username, { kind, password: password !== null, reads, writes });
    });
  }

  /** Tells whether there was one. */
  remove(username: string, actor: string): boolean {
    return this.#store.transaction(() => {
      const { changes } = this.#store.sql('DELETE FROM logins WHERE username = ?').run(username);
      if (changes > 0) this.#store.audit(actor, 'login.remove', username);
      return changes > 0;
    });
  }

  list(): LoginView[] {
    return this.#store
      .query(
        LoginRow,
        `SELECT l.username, l.kind, l.password IS NOT NULL AS hasPassword, l.reads, l.writes, l.set_by AS setBy, l.set_at AS setAt, ${refusal} AS refusal
          FROM ${source} ORDER BY l.kind DESC, l.username`,
      )
      .all();
  }

  /** Services, and devices whose password is taken now. */
  inForce(): LoginInForce[] {
    return this.#store
      .query(
        LoginInForce,
        `SELECT l.username, l.kind, l.password, l.reads, l.writes FROM ${source} WHERE l.kind = 'service' OR ${refusal} IS NULL ORDER BY l.username`,
      )
      .all();
  }

  tenants(): TenantLogins[] {
    return this.#store
      .query(TenantLogins, 'SELECT tenant, mode, until, reason, set_by AS setBy, set_at AS setAt FROM tenant_logins ORDER BY tenant')
      .all();
  }

  /** `mode` null: both again, and certificates win. */
  setTenant(
    { tenant, mode, until, reason }: { tenant: string; mode: TenantLogins['mode'] | null; until: string | null; reason: string },
    actor: string,
  ): void {
    this.#store.transaction(() => {
      this.#store.sql('DELETE FROM tenant_logins WHERE tenant = ?').run(tenant);
      if (mode !== null)
        this.#store
          .sql('INSERT INTO tenant_logins (tenant, mode, until, reason, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?)')
          .run(tenant, mode, until, reason, actor, this.#store.now());
      this.#store.audit(actor, 'login.tenant', tenant, { mode: mode ?? 'both', until, reason });
    });
  }

  /** What let passwords in for a while and is over, on the word of whoever set its end; returns how many. */
  endRollbacks(): number {
    return this.#store.transaction(() => {
      const over = this.#store.query(Rollback, 'SELECT tenant, set_by AS setBy FROM tenant_logins WHERE until <= ?').all(this.#store.now());
      for (const { tenant, setBy } of over) this.setTenant({ tenant, mode: null, until: null, reason: 'its time is over' }, setBy);
      return over.length;
    });
  }
}
