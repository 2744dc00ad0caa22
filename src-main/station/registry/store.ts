import { dirname } from 'node:path';
import type { Statement, Transaction } from 'better-sqlite3';
import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import { auditGenesis, auditHash, verifyAuditChain, type AuditEntry } from '../audit/index.ts';
import { instant, type Clock } from '../clock.ts';
import { namedStorageFailure, type Db } from './database.ts';
import { LogSync } from './log-sync.ts';
import { Query } from './rows.ts';

const AuditHead = z.object({ seq: z.int(), hash: z.string() });
type AuditHead = z.output<typeof AuditHead>;

const AuditRow = z.object({
  seq: z.int(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string(),
  previous: z.string(),
  hash: z.string(),
}) satisfies z.ZodType<AuditEntry>;
const OutboxState = z.object({ waiting: z.int(), oldest: z.string().nullable(), last: z.int() });

const LogTaken = z.tuple([z.object({ busy: z.int() })]);

interface Grouped {
  /** Does its part; what it answers tells whoever waits for it, once that is durable. */
  readonly attempt: () => () => void;
  readonly reject: (thrown: Error) => void;
}

/** The database with what every repository needs: cached statements, transactions with named failures, the audit log, the outbox. */
export class Store {
  readonly db: Db;
  readonly clock: Clock;
  readonly #log: Pick<LogSync, 'running' | 'durable' | 'close'>;
  #group: Grouped[] = [];
  #isLogInDoubt = false;
  readonly #statements = new Map<string, Statement<unknown[]>>();
  readonly #whole: Transaction<(work: () => unknown) => unknown>;
  /** The head of the audit log in the transaction that is under way; null where it is as the table has it. */
  #auditHead: AuditHead | null = null;
  /** What the transaction that is under way will tell, and to whom. */
  #untold: { readonly tell: (keys: readonly string[]) => void; readonly key: string }[] = [];
  /** By what time certificates are judged. */
  #judgedBy: () => number;

  constructor(db: Db, clock: Clock, log: Pick<LogSync, 'running' | 'durable' | 'close'> = new LogSync(db.name)) {
    this.db = db;
    this.clock = clock;
    this.#log = log;
    this.#judgedBy = () => clock.now();
    // The same within one statement: as with a constant, SQLite can use an index.
    db.function('clock_now', { deterministic: true }, () => this.judgedAt());
    this.#whole = db.transaction((work) => {
      const value = work();
      this.#keepAuditHead();
      return value;
    });
  }

  /** A statement that changes something. */
  sql(text: string): Pick<Statement<unknown[]>, 'run'> {
    return this.#prepared(text);
  }

  /** A statement that reads rows of this shape; DATA_DAMAGED for a row that has another. */
  query<T>(shape: z.ZodType<T>, text: string): Query<T> {
    return new Query(this.#prepared(text), shape);
  }

  /** The same for a statement of one column. */
  values<T>(shape: z.ZodType<T>, text: string): Query<T> {
    return new Query(this.#prepared(text, true), shape);
  }

  #prepared(text: string, isOneColumn = false): Statement<unknown[]> {
    const key = isOneColumn ? `1 ${text}` : text;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      if (isOneColumn) statement.pluck();
      this.#statements.set(key, statement);
    }
    return statement;
  }

  now(): string {
    return instant(this.clock.now());
  }

  /** Certificates are judged by this time from now on: the clock may be in doubt. */
  judgeBy(time: () => number): void {
    this.#judgedBy = time;
  }

  judgedAt(): string {
    return instant(this.#judgedBy());
  }

  firstAuditAt(): string | null {
    return this.values(z.string(), 'SELECT at FROM audit ORDER BY seq LIMIT 1').get();
  }

  lastAuditAt(): string | null {
    return this.values(z.string(), 'SELECT at FROM audit ORDER BY seq DESC LIMIT 1').get();
  }

  /** All or nothing; nested calls join. A full disk or a damaged file comes out as a `Failure`. */
  transaction<T>(work: () => T): T {
    if (this.db.inTransaction) return work();
    const value = this.#commit(work);
    this.#takeUntold()();
    return value;
  }

  /** What the transaction that has just ended will tell. */
  #takeUntold(): () => void {
    const untold = this.#untold;
    this.#untold = [];
    return () => {
      for (const tell of new Set(untold.map((one) => one.tell))) tell(untold.filter((one) => one.tell === tell).map(({ key }) => key));
    };
  }

  #commit<T>(work: () => T): T {
    try {
      return this.#whole.immediate(work) as T;
    } catch (thrown) {
      this.#auditHead = null;
      this.#untold = [];
      throw this.named(thrown);
    }
  }

  /** Inside a transaction: tells `key`, with all others of it, once the transaction is durable; nothing of what is taken back is told. */
  afterCommit(tell: (keys: readonly string[]) => void, key: string): void {
    this.#untold.push({ tell, key });
  }

  /** A refusal of the disk or the database as the `Failure` it is; for what a statement outside of a transaction throws. */
  named(thrown: unknown): Error {
    return thrown instanceof Failure ? thrown : namedStorageFailure(thrown, dirname(this.db.name));
  }

  /**
   * Group commit: what is asked for within one turn of the event loop shares one transaction, and the sync to disk is made on another thread;
   * a failing one takes back only its own part. `work` writes to the database and nowhere else: it may be run a second time. Others see what
   * it wrote at once; it resolves, and `afterCommit` tells, when it is durable.
   */
  grouped<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = (): (() => void) => {
        const value = work();
        return () => resolve(value);
      };
      this.#group.push({ attempt, reject });
      if (this.#group.length === 1) this.#commitNext();
    });
  }

  /** While one group is synced the next one collects: a commit costs as much as dozens of records. */
  #commitNext(): void {
    if (this.#group.length > 0 && !this.#log.running) setImmediate(() => this.#commitSoon(0));
  }

  /** Once a turn of the event loop has brought nothing more. */
  #commitSoon(before: number): void {
    const size = this.#group.length;
    if (size > before) setImmediate(() => this.#commitSoon(size));
    else this.#commitGroup();
  }

  #commitGroup(): void {
    const group = this.#group;
    this.#group = [];
    const tells = this.#unsynced(() => this.#together(group) ?? this.#apart(group));
    const untold = this.#takeUntold();
    const settle = (end: () => void): void => {
      try {
        end();
      } finally {
        this.#commitNext();
      }
    };
    this.#durable().then(
      () =>
        settle(() => {
          untold();
          for (const tell of tells) tell();
        }),
      (thrown: unknown) =>
        settle(() => {
          for (const one of group) one.reject(this.named(thrown));
        }),
    );
  }

  /** After a sync that failed, the next one says nothing of what was written before it: the database must take all of the log over first. */
  async #durable(): Promise<void> {
    if (this.#isLogInDoubt) {
      const { busy } = LogTaken.parse(this.db.pragma('wal_checkpoint(TRUNCATE)'))[0];
      if (busy !== 0) throw new Failure('DISK_FAILED', { path: this.db.name, errno: 'SQLITE_BUSY' });
      this.#isLogInDoubt = false;
    }
    try {
      await this.#log.durable();
    } catch (thrown) {
      this.#isLogInDoubt = true;
      throw thrown;
    }
  }

  /** A commit that waits for no sync: with NORMAL, SQLite writes its log whole and in order, and syncs it before it is used up. */
  #unsynced<T>(work: () => T): T {
    this.db.pragma('synchronous = NORMAL');
    try {
      return work();
    } finally {
      this.db.pragma('synchronous = FULL');
    }
  }

  /** All in one transaction; null, with nothing recorded, when one fails. */
  #together(group: readonly Grouped[]): (() => void)[] | null {
    try {
      return this.#commit(() => group.map((one) => one.attempt()));
    } catch {
      return null;
    }
  }

  /** Each with a savepoint of its own. It makes SQLite copy every page before it is changed, so only when one is needed. */
  #apart(group: readonly Grouped[]): (() => void)[] {
    const attempt = (one: Grouped): (() => void) => {
      const untold = this.#untold.length;
      try {
        return this.#whole(one.attempt) as () => void;
      } catch (thrown) {
        // SQLite has given up the whole transaction: nobody's part is recorded.
        if (!this.db.inTransaction) throw thrown;
        this.#auditHead = null;
        this.#untold.length = untold;
        return () => one.reject(this.named(thrown));
      }
    };
    try {
      return this.#commit(() => group.map(attempt));
    } catch (thrown) {
      return group.map((one) => () => one.reject(this.named(thrown)));
    }
  }

  /** Before the database is closed. */
  close(): void {
    this.#log.close();
  }

  /** Must be called inside the transaction of the change that it tells of. */
  audit(actor: string, action: string, subject: string, detail: Readonly<Record<string, unknown>> = {}): void {
    this.transaction(() => {
      const head = this.auditHead();
      const line = { seq: head.seq + 1, at: this.now(), actor, action, subject, detail: JSON.stringify(detail), previous: head.hash };
      const hash = auditHash(line);
      this.sql('INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        line.seq,
        line.at,
        line.actor,
        line.action,
        line.subject,
        line.detail,
        line.previous,
        hash,
      );
      this.#auditHead = { seq: line.seq, hash };
    });
  }

  /** Once for all lines of a transaction, as its last statement. */
  #keepAuditHead(): void {
    if (this.#auditHead === null) return;
    const { seq, hash } = this.#auditHead;
    this.sql(
      'INSERT INTO audit_head (one, seq, hash) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash',
    ).run(seq, hash);
    this.#auditHead = null;
  }

  auditHead(): AuditHead {
    return this.#auditHead ?? this.query(AuditHead, 'SELECT seq, hash FROM audit_head').get() ?? { seq: 0, hash: auditGenesis };
  }

  auditProblems(): { lines: number; problems: string[] } {
    const head = this.auditHead();
    const entries = this.query(AuditRow, 'SELECT * FROM audit ORDER BY seq').iterate();
    return { lines: head.seq, problems: verifyAuditChain(entries, head) };
  }

  /** Must be called inside the transaction of the change that the broker host has to learn of. */
  owe(kind: 'device' | 'certificate' | 'revocation', key: string): void {
    this.sql('INSERT INTO outbox (kind, key, created_at) VALUES (?, ?, ?)').run(kind, key, this.now());
    this.recorded(kind === 'revocation' ? 'certificate' : kind, key);
  }

  /** Must be called inside the transaction of a change that central databases have to learn of; where there are none it leaves nothing. */
  recorded(kind: 'device' | 'certificate' | 'crl' | 'alert' | 'request' | 'audit', key: string): void {
    this.sql('INSERT INTO records_log (kind, key, created_at) SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM records_hosts)').run(
      kind,
      key,
      this.now(),
    );
  }

  outbox(): { waiting: number; oldest: string | null; last: number } {
    return this.query(OutboxState, 'SELECT count(*) AS waiting, min(created_at) AS oldest, coalesce(max(id), 0) AS last FROM outbox').one();
  }

  /** Since when the oldest change of one of these waits for the broker host; null when none does. */
  owedSince(keys: readonly string[]): string | null {
    const since = this.values(z.string().nullable(), 'SELECT min(created_at) FROM outbox WHERE key IN (SELECT value FROM json_each(?))');
    return since.one(JSON.stringify(keys));
  }

  /** Everything up to `last` is in force on the broker host, but for revocations that no CRL carries yet. */
  delivered(last: number): void {
    this.sql(
      `DELETE FROM outbox WHERE id <= ? AND NOT (kind = 'revocation' AND key IN (SELECT serial FROM revocations WHERE crl_number IS NULL))`,
    ).run(last);
  }

  setting(key: string): string | null {
    return this.values(z.string(), 'SELECT value FROM settings WHERE key = ?').get(key);
  }

  setSetting(key: string, value: string): void {
    this.sql('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value').run(key, value);
  }
}

/** The status of a certificate now, of the row `c`: that it has ended is never recorded, a clock that was ahead once must leave nothing behind. */
export const statusNow = `CASE WHEN c.status <> 'REVOKED' AND c.not_after < clock_now() THEN 'EXPIRED' ELSE c.status END`;

/** `LIKE` pattern for "contains", with the user's own wildcards taken literally (ESCAPE '\'). */
export const contains = (text: string): string => `%${text.replace(/[\\%_]/gu, '\\$&')}%`;
