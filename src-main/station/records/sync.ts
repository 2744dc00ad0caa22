import { Failure, toFailureData, type RecordsHost, type RecordsView } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { RequestParts } from '../life/index.ts';
import type { Registry, Stretch } from '../registry/index.ts';
import { introduce, readBatch, sendBatch, type Batch } from './batch.ts';
import { Connection, type RecordsClient } from './connection.ts';
import { RecordRefused } from './failures.ts';
import { askEveryMs, sendRequests, takeRequests } from './requests.ts';

export interface RecordsSyncOptions {
  readonly name: string;
  readonly at: RecordsHost;
  readonly registry: Registry;
  /** Our key and certificate as they are now, and the CA of the database; RECORDS_NO_CERTIFICATE. */
  readonly client: () => Omit<RecordsClient, 'host'>;
  readonly requests: () => RequestParts;
  readonly clock: Clock;
  readonly onChange: () => void;
  /** Milliseconds between two looks whether something waits, and after the first failure, which doubles up to a minute. */
  readonly pace?: { readonly look: number; readonly retry: number };
}

/** Rows of the log in one transaction: measured, more gain nothing. */
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
  #pause: number;
  #stopping = false;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #connecting = false;
  #issuers = 0;
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
    this.#running ??= this.#run();
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
        this.#change('up', null);
        this.#pause = this.#pace.retry;
        await this.#sleep(this.#pace.look);
      } catch (thrown) {
        this.#db?.close();
        this.#db = null;
        if (this.#stopping) return;
        // A full disk of ours, or what the database said; a fault of this program shows as one and stops nothing else.
        this.#change(
          'away',
          thrown instanceof Failure ? thrown : Failure.fromData(toFailureData(this.#options.registry.store.named(thrown))),
        );
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

  /** Everything that waits; the next batch is read while the database works on one. */
  async #pass(db: Connection): Promise<void> {
    const { registry, name } = this.#options;
    const { records } = registry;
    if (!db.isOpen) throw db.named(new Error('the connection was lost'));
    await this.#introduce(db);
    const read = (from?: number): Batch | null => {
      const stretch = records.next(name, batchRows, from);
      return stretch === null ? null : readBatch(registry, stretch);
    };
    let waiting = read();
    while (waiting !== null && !this.#stopping) {
      const batch = waiting;
      await this.#introduce(db);
      const sending = this.#send(db, batch);
      sending.catch(() => undefined);
      waiting = read(batch.stretch.upTo);
      await sending;
      if (this.#failure !== null || waiting === null) this.#options.onChange();
    }
    await this.#ask(db);
  }

  async #introduce(db: Connection): Promise<void> {
    const { registry } = this.#options;
    const issuers = registry.issuers.all().length;
    if (issuers === this.#issuers) return;
    await introduce(db, registry);
    this.#issuers = issuers;
  }

  /** One transaction; a record that the database refuses is found by halves, set aside and told, and the others go on. */
  async #send(db: Connection, batch: Batch): Promise<void> {
    const { registry, name, requests } = this.#options;
    const { stretch } = batch;
    try {
      const conflicts = await db.transaction(async () => {
        const found = await sendBatch(db, batch);
        await sendRequests(db, requests(), batch.requests);
        return found;
      });
      registry.records.sent(
        name,
        stretch,
        conflicts.map(({ failure, ...of }) => ({ ...of, failure: failure.toData() })),
      );
    } catch (thrown) {
      if (!(thrown instanceof RecordRefused)) throw thrown;
      if (stretch.upTo - stretch.from > 1) {
        for (const half of halves(stretch)) await this.#send(db, readBatch(registry, half));
        return;
      }
      const { kind, key } = registry.records.only(stretch);
      const failure = new Failure('RECORDS_NOT_TAKEN', { kind, key, problem: thrown.message });
      registry.records.sent(name, stretch, [{ kind, key, failure: failure.toData() }]);
    }
  }

  async #ask(db: Connection): Promise<void> {
    const { registry, name, requests, clock, onChange } = this.#options;
    const since = clock.now() - (this.#askedAt ?? Number.NEGATIVE_INFINITY);
    if (since >= 0 && since < askEveryMs) return;
    this.#askedAt = clock.now();
    const { taken, refused } = await takeRequests(db, requests());
    for (const { kind, key, failure } of refused) registry.records.setAside(name, kind, key, failure);
    if (taken > 0) onChange();
  }

  #change(state: RecordsView['state'], failure: Failure | null): void {
    const news = state !== this.#state || failure?.code !== this.#failure?.code;
    if (state !== this.#state) this.#since = instant(this.#options.clock.now());
    this.#state = state;
    this.#failure = failure;
    if (news) this.#options.onChange();
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
