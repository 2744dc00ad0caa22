import { z } from 'zod';
import { Failure, stackOf, toFailureData, type RecordsHost, type RecordsView } from '../../contract/index.ts';
import { idsOf, isLogged, say, sayUnder, underIds } from '../../log/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { RequestParts } from '../revocation/index.ts';
import type { Registry, Stretch } from '../registry/index.ts';
import { introduce, readBatch, sendBatch, type Conflict } from './batch.ts';
import { Connection, type RecordsClient } from './connection.ts';
import { RecordHeld, RecordRefused } from './failures.ts';
import { askEveryMs, sendRequests, takeRequests } from './requests.ts';

export interface RecordsSyncOptions {
  readonly name: string;
  readonly at: RecordsHost;
  readonly registry: Registry;
  /** Our key and certificate as they are now, and the CA of the database; RECORDS_NO_CERTIFICATE. */
  readonly client: () => Omit<RecordsClient, 'host'>;
  /** On the word of `actor`. */
  readonly requests: (actor: string) => RequestParts;
  readonly clock: Clock;
  /** The time of the database's clock, in milliseconds since the epoch. */
  readonly onTime: (name: string, time: number) => void;
  readonly onChange: () => void;
  /** Milliseconds between two looks whether something waits, and after the first failure, which doubles up to a minute. */
  readonly pace?: { readonly look: number; readonly retry: number };
}

interface Sending {
  readonly stretch: Stretch;
  readonly conflicts: Promise<readonly Conflict[]>;
}

/** Rows of the log in one transaction. */
const batchRows = 1_000;
const usualPace = { look: 500, retry: 1_000 } as const;
const mostRetryMs = 60_000;

/**
 * Brings one central database to what the registry says. The log's place moves on only after the database has committed, and everything is sent in a
 * way that may be repeated: whoever dies at whatever moment, each record is there once, as far on as it ever was. Nobody waits for this.
 */
export class RecordsSync {
  readonly #options: RecordsSyncOptions;
  #db: Connection | null = null;
  #state: RecordsView['state'] = 'starting';
  #since: string;
  #failure: Failure | null = null;
  #tries = 0;
  #pause: number;
  #stopping = false;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #connecting = false;
  /** CAs of ours at the last look, and the tenants that are registered for us there. */
  #issuers = 0;
  #tenants: ReadonlySet<string> = new Set();
  /** Null: at once. */
  #askedAt: number | null = null;

  constructor(options: RecordsSyncOptions) {
    this.#options = options;
    this.#since = instant(options.clock.now());
    this.#pause = this.#pace.retry;
  }

  get #pace(): { readonly look: number; readonly retry: number } {
    return this.#options.pace ?? usualPace;
  }

  /** How often it has tried to send, to an end or a failure. */
  get tries(): number {
    return this.#tries;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  view(): RecordsView {
    const { name, at, registry } = this.#options;
    const { waiting, oldest } = registry.records.waiting(name);
    return {
      name,
      host: at.host,
      port: at.port,
      database: at.database,
      state: this.#state,
      since: this.#since,
      waiting,
      waitingSince: oldest,
      sentAt: registry.records.hosts().find((one) => one.name === name)?.sentAt ?? null,
      problems: registry.records.countProblems(name),
      failure: this.#failure === null ? null : toFailureData(this.#failure),
    };
  }

  start(): void {
    // It serves everybody, not the call that began it.
    this.#running ??= underIds({}, () => this.#run());
  }

  /** Ends at once: what is under way is sent again by whoever is next. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#db?.close();
    this.#wake?.();
    // A host that does not answer is not waited for.
    if (!this.#connecting) await this.#running;
  }

  /** Now and not at the next look. */
  poke(): void {
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const db = (this.#db ??= await this.#connect());
        if (db === null) return;
        await this.#pass(db);
        this.#tries += 1;
        this.#change('up', null);
        this.#pause = this.#pace.retry;
        await this.#sleep(this.#pace.look);
      } catch (thrown) {
        this.#db?.close();
        this.#db = null;
        if (this.#stopping) return;
        // A full disk of ours, or what the database said; a fault of this program shows as one and stops nothing else.
        const named = thrown instanceof Failure ? thrown : this.#options.registry.store.named(thrown);
        this.#tries += 1;
        this.#change('away', named instanceof Failure ? named : Failure.fromData(toFailureData(named)), stackOf(named));
        await this.#sleep(this.#pause * (0.75 + Math.random() / 2));
        this.#pause = Math.min(this.#pause * 2, mostRetryMs);
      }
    }
  }

  /** Null when it was stopped meanwhile. */
  async #connect(): Promise<Connection | null> {
    const { at, client } = this.#options;
    this.#connecting = true;
    const db = await Connection.open({ host: at, ...client() }).finally(() => (this.#connecting = false));
    if (this.#stopping) {
      db.close();
      return null;
    }
    db.onLost(() => this.#wake?.());
    db.onRequests(() => {
      this.#askedAt = null;
      this.#wake?.();
    });
    this.#issuers = 0;
    this.#askedAt = null;
    return db;
  }

  /** Everything that waits; the next batch is read and on its way while the database works on one. */
  async #pass(db: Connection): Promise<void> {
    const { registry, name } = this.#options;
    const { records } = registry;
    if (!db.isOpen) throw db.named(new Error('the connection was lost'));
    const begin = async (from?: number): Promise<Sending | null> => {
      await this.#introduce(db);
      const stretch = this.#stopping ? null : records.next(name, batchRows, from);
      return stretch === null ? null : this.#begin(db, stretch);
    };
    let ahead = await begin();
    while (ahead !== null) {
      const now: Sending = ahead;
      ahead = await begin(now.stretch.upTo);
      if (!(await this.#finish(now))) {
        // What was sent behind it is sent again after it.
        await ahead?.conflicts.catch(() => undefined);
        await this.#sendHalves(db, now.stretch);
        ahead = await begin(now.stretch.upTo);
      }
      if (this.#failure !== null || ahead === null) this.#options.onChange();
    }
    await this.#ask(db);
  }

  async #introduce(db: Connection): Promise<void> {
    const { registry } = this.#options;
    const issuers = registry.issuers.all().length;
    if (issuers === this.#issuers) return;
    await this.#look(db);
    this.#issuers = issuers;
  }

  /** What waited for an administrator is sent as soon as he has registered its tenant. */
  async #look(db: Connection): Promise<void> {
    const { registry, name } = this.#options;
    const before = this.#tenants;
    this.#tenants = await introduce(db, registry);
    for (const tenant of this.#tenants)
      if (!before.has(tenant) && registry.records.countProblems(name) > 0)
        registry.records.again(name, 'RECORDS_TENANT_UNREGISTERED', tenant);
  }

  /** One transaction, which is under way when this returns. */
  #begin(db: Connection, stretch: Stretch): Sending {
    const { registry, name, requests } = this.#options;
    const batch = readBatch(registry, stretch);
    const conflicts = db.transaction(async () => {
      const [found] = await Promise.all([
        sendBatch(db, batch, this.#tenants),
        sendRequests(db, requests(registry.records.connectedBy(name)), batch.requests),
      ]);
      return found;
    });
    // Whoever waits for it may come to it later.
    conflicts.catch(() => undefined);
    return { stretch, conflicts };
  }

  /** False when the database refuses one of its records, and has taken none. */
  async #finish({ stretch, conflicts }: Sending): Promise<boolean> {
    const { registry, name } = this.#options;
    try {
      const found = await conflicts;
      this.#tellSent(stretch);
      registry.records.sent(
        name,
        stretch,
        found.map(({ failure, ...of }) => ({ ...of, failure: failure.toData() })),
      );
      return true;
    } catch (thrown) {
      if (!(thrown instanceof RecordRefused)) throw thrown;
      if (stretch.upTo - stretch.from > 1) return false;
      const { kind, key } = registry.records.only(stretch);
      const failure =
        thrown instanceof RecordHeld
          ? new Failure('RECORDS_RECORD_HELD', { kind, key })
          : new Failure('RECORDS_NOT_TAKEN', { kind, key, problem: thrown.message });
      sayUnder(idsOf(key), 'warn', 'records', `${name} does not take ${kind} ${key}: ${stackOf(thrown)}`);
      registry.records.sent(name, stretch, [{ kind, key, failure: failure.toData() }]);
      return true;
    }
  }

  /** The record that the database refuses is found by halves, set aside and told; all others go. */
  async #sendHalves(db: Connection, stretch: Stretch): Promise<void> {
    for (const half of halves(stretch)) if (!(await this.#finish(this.#begin(db, half)))) await this.#sendHalves(db, half);
  }

  async #ask(db: Connection): Promise<void> {
    const { registry, name, requests, clock, onChange } = this.#options;
    const since = clock.now() - (this.#askedAt ?? Number.NEGATIVE_INFINITY);
    if (since >= 0 && since < askEveryMs) return;
    this.#askedAt = clock.now();
    await this.#askTime(db);
    await this.#look(db);
    registry.records.again(name, 'RECORDS_RECORD_HELD');
    const { taken, refused } = await takeRequests(db, requests(registry.records.connectedBy(name)));
    for (const { kind, key, failure } of refused) registry.records.setAside(name, kind, key, failure);
    if (taken > 0) onChange();
  }

  async #askTime(db: Connection): Promise<void> {
    const [row] = await db.read(
      z.object({ ms: z.string() }),
      'clock',
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS ms',
    );
    this.#options.onTime(`the database on ${this.#options.at.host}`, Number(row?.ms));
  }

  #tellSent(stretch: Stretch): void {
    if (!isLogged('debug')) return;
    const { registry, name } = this.#options;
    say('debug', 'records', 'sent', { database: name, records: stretch.upTo - stretch.from });
    for (const serial of registry.records.keys(stretch, 'certificate'))
      sayUnder(idsOf(serial), 'debug', 'records', 'certificate sent', { database: name, serial });
  }

  /** `why`: with its stack, for the log. */
  #change(state: RecordsView['state'], failure: Failure | null, why = ''): void {
    const news = state !== this.#state || failure?.code !== this.#failure?.code;
    if (state !== this.#state) this.#since = instant(this.#options.clock.now());
    this.#state = state;
    this.#failure = failure;
    if (!news) return;
    const { name, onChange } = this.#options;
    say(failure === null ? 'info' : 'warn', 'records', failure === null ? state : `${state}: ${why}`, { database: name });
    onChange();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function halves({ from, upTo }: Stretch): Stretch[] {
  const middle = from + Math.ceil((upTo - from) / 2);
  return [
    { from, upTo: middle },
    { from: middle, upTo },
  ];
}
