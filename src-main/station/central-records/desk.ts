import { Failure, type RecordsHost, type RecordsView } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { RequestParts } from '../revocation/index.ts';
import type { Registry } from '../registry/index.ts';
import { Connection, type RecordsClient } from './connection.ts';
import { RecordRefused } from './failures.ts';
import { introduce } from './batch.ts';
import { RecordsSync } from './sync.ts';

export interface RecordsDeskOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  /** Our key and certificate as they are now; RECORDS_NO_CERTIFICATE. */
  readonly identity: () => Pick<RecordsClient, 'station' | 'keyPem' | 'certificatePem'>;
  /** The CA of brokers' certificates, where a database is not given another. */
  readonly caPem: string;
  /** The time that a database told. */
  readonly onTime: (name: string, time: number) => void;
  /** On the word of `actor`. */
  readonly requests: (actor: string) => RequestParts;
  readonly onChange: () => void;
}

/** What the audit log ends with is recorded this often while it grows. */
const checkpointMs = 10 * 60_000;
const settleLookMs = 50;

/** The central databases of this station, each with a sync of its own. */
export class RecordsDesk {
  readonly #options: RecordsDeskOptions;
  readonly #syncs = new Map<string, RecordsSync>();
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecordsDeskOptions) {
    this.#options = options;
    for (const { name, at } of options.registry.records.hosts()) this.#add(name, at);
  }

  start(): void {
    this.#isStarted = true;
    for (const sync of this.#syncs.values()) sync.start();
    this.#timer = setInterval(() => this.#checkpoint(), checkpointMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    clearInterval(this.#timer);
    await Promise.all([...this.#syncs.values()].map((sync) => sync.stop()));
  }

  views(): RecordsView[] {
    return [...this.#syncs.values()].map((sync) => sync.view());
  }

  /** Kept only when it takes us now: RECORDS_* says why not. */
  async connect(at: RecordsHost, actor: string): Promise<RecordsView> {
    const { registry } = this.#options;
    const name = nameOf(at);
    await this.#syncs.get(name)?.stop();
    try {
      await this.#look(at);
      registry.records.use(name, at, actor);
    } finally {
      // What was in use before goes on as it was.
      const known = registry.records.hosts().find((host) => host.name === name);
      if (known !== undefined) this.#add(name, known.at);
    }
    return (this.#syncs.get(name) as RecordsSync).view();
  }

  /** NOT_FOUND. Also by its host alone, where there is one of it. */
  async disconnect(name: string, actor: string): Promise<void> {
    const { registry, onChange } = this.#options;
    const found = registry.records.hosts().filter((one) => one.name === name || one.at.host === name);
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Failure('NOT_FOUND', { kind: 'central database', id: name });
    await this.#syncs.get(only.name)?.stop();
    this.#syncs.delete(only.name);
    registry.records.forget(only.name, actor);
    onChange();
  }

  /** Until nothing waits anywhere; the reason why something does, or TIMEOUT. What failed before this call is no reason: it is tried again now. */
  async settle(timeoutMs: number): Promise<RecordsView[]> {
    this.#checkpoint();
    const before = new Map([...this.#syncs.values()].map((sync) => [sync, sync.tries]));
    for (const sync of this.#syncs.values()) sync.poke();
    for (const until = performance.now() + timeoutMs; ;) {
      const views = this.views();
      const behind = [...this.#syncs.values()].filter((sync) => sync.view().state !== 'up' || sync.view().waiting > 0);
      if (behind.length === 0) return views;
      const tried = behind.filter((sync) => sync.tries > (before.get(sync) ?? 0));
      const failure = tried.map((sync) => sync.failure).find((one) => one !== null);
      if (failure !== undefined) throw failure;
      if (performance.now() > until) throw new Failure('TIMEOUT', { what: 'the central records', ms: timeoutMs });
      await new Promise((next) => setTimeout(next, settleLookMs));
    }
  }

  /** One session of its own with each, for a look; the reasons why there is none come through. */
  async with<T>(work: (db: Connection, name: string) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (const { name, at } of this.#options.registry.records.hosts()) {
      const db = await Connection.open({ host: at, ...this.#client(at) }, 'reading');
      try {
        results.push(await work(db, name));
      } finally {
        db.close();
      }
    }
    return results;
  }

  async #look(at: RecordsHost): Promise<void> {
    const db = await Connection.open({ host: at, ...this.#client(at) });
    try {
      await introduce(db, this.#options.registry);
    } catch (thrown) {
      if (thrown instanceof RecordRefused)
        throw new Failure('RECORDS_FAILED', { host: at.host, port: at.port, problem: thrown.message, sqlstate: '22' });
      throw thrown;
    } finally {
      db.close();
    }
  }

  #add(name: string, at: RecordsHost): void {
    const { registry, clock, requests, onTime, onChange } = this.#options;
    const sync = new RecordsSync({ name, at, registry, clock, requests, onTime, onChange, client: () => this.#client(at) });
    this.#syncs.set(name, sync);
    if (this.#isStarted) sync.start();
  }

  #client(at: RecordsHost): Omit<RecordsClient, 'host'> {
    return { ...this.#options.identity(), caPem: at.caPem ?? this.#options.caPem };
  }

  #checkpoint(): void {
    if (this.#syncs.size > 0) this.#options.registry.records.checkpoint();
  }
}

const nameOf = ({ host, port, database }: RecordsHost): string => `${host}:${String(port)}/${database}`;
