import { randomUUID } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { connectAs, type Connection, type Message } from './connection.ts';
import type { BrokerEndpoint, TlsIdentity } from './endpoint.ts';

export interface ObserverOptions {
  /** Asked anew at each try: the port may be known only when the broker runs. */
  readonly endpoint: () => BrokerEndpoint;
  /** May read `tenant/#` and use `station/#`. */
  readonly identity: TlsIdentity;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** What came on one topic filter since the watch began. Whoever records must `close` it. */
export interface Recorder {
  readonly messages: readonly Message[];
  /**
   * Resolves when this payload has come, before or after the call. ECHO_MISSING at the deadline (`deviceSays` is what the
   * device reported); BROKER_AWAY when our own connection was lost, since then its silence proves nothing.
   */
  waitFor(payload: Uint8Array | string, options: WaitOptions & { readonly deviceSays?: string }): Promise<Message>;
  /** Everything that had reached the broker before this call is in `messages` when it resolves: a marker came after it. */
  fence(options: WaitOptions): Promise<readonly Message[]>;
  close(): Promise<void>;
}

interface Watch {
  readonly filter: string;
  readonly messages: Message[];
  readonly listeners: Set<() => void>;
  lost: Failure | null;
}

const retryMs = { first: 200, most: 10_000 } as const;

/** The station's own eyes on the broker: one lasting connection that comes back by itself. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #watches = new Set<Watch>();
  readonly #stop = new AbortController();
  readonly #listeners = new Map<string, (message: Message) => void>();
  readonly #onConnect = new Set<(connection: Connection) => void>();
  #live: Connection | null = null;
  #running: Promise<void> | null = null;
  /** Why there is no connection, as far as it is known. */
  #failure: Failure | null = null;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#live !== null;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Begins to connect and keeps at it until `stop`. */
  start(): void {
    this.#running ??= this.#keepConnected();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#live?.close();
    await this.#running;
  }

  /** Resolves when connected; BROKER_AWAY, or why the broker refuses us, at the deadline. */
  async ready(options: WaitOptions): Promise<void> {
    await this.#connected(options);
  }

  /** Resolves when the broker has granted the subscription: whatever is published from now on is recorded. */
  async watch(filter: string, options: WaitOptions): Promise<Recorder> {
    const connection = await this.#connected(options);
    const watch: Watch = { filter, messages: [], listeners: new Set(), lost: null };
    this.#watches.add(watch);
    try {
      await connection.subscribe(filter);
    } catch (error) {
      this.#watches.delete(watch);
      throw error;
    }
    return {
      messages: watch.messages,
      waitFor: (payload, waiting) => this.#arrival(watch, payload, waiting),
      fence: async (waiting) => {
        await this.#fence(waiting);
        if (watch.lost !== null) throw watch.lost;
        return watch.messages;
      },
      close: () => this.#unwatch(watch),
    };
  }

  /** Hears what comes on this filter from now on, again after each reconnection, until `stop`; one listener for each filter. */
  listen(filter: string, onMessage: (message: Message) => void): void {
    this.#listeners.set(filter, onMessage);
    if (this.#live !== null) this.#subscribe(this.#live, filter);
  }

  /** A connection that goes meanwhile is followed by one that subscribes again. */
  #subscribe(connection: Connection, filter: string): void {
    void connection.subscribe(filter).catch(() => undefined);
  }

  /** Publishes with QoS 1; rejects at the deadline, or why the broker did not take it. */
  async publish(topic: string, payload: string, options: WaitOptions): Promise<void> {
    const connection = await this.#connected(options);
    await connection.publish(topic, payload);
  }

  async #unwatch(watch: Watch): Promise<void> {
    this.#watches.delete(watch);
    const others = [...this.#watches].some(({ filter }) => filter === watch.filter);
    if (others || watch.lost !== null) return;
    // The connection may go at the same moment: then the subscription is gone as well.
    await this.#live?.unsubscribe(watch.filter).catch(() => undefined);
  }

  #arrival(watch: Watch, payload: Uint8Array | string, options: WaitOptions & { readonly deviceSays?: string }): Promise<Message> {
    const expected = Buffer.from(payload);
    return until(
      watch,
      options,
      () => watch.messages.find((message) => expected.equals(message.payload)),
      () => {
        return new Failure('ECHO_MISSING', { device: options.deviceSays ?? 'nothing', topic: watch.filter, ms: options.timeoutMs });
      },
    );
  }

  async #fence(options: WaitOptions): Promise<void> {
    const topic = `station/fence/${randomUUID()}`;
    const marker = await this.watch(topic, options);
    try {
      const connection = await this.#connected(options);
      await connection.publish(topic, 'marker');
      await marker.waitFor('marker', options);
    } finally {
      await marker.close();
    }
  }

  async #connected(options: WaitOptions): Promise<Connection> {
    if (this.#live !== null) return this.#live;
    const gaveUp = (): Failure => {
      if (options.signal.aborted) return new Failure('CANCELLED', { left: 'as they were' });
      const { host, port } = this.#options.endpoint();
      return this.#failure ?? new Failure('BROKER_AWAY', { host, port, stage: 'observer' });
    };
    const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#onConnect.delete(onConnect);
        reject(gaveUp());
      };
      const onConnect = (connection: Connection): void => {
        deadline.removeEventListener('abort', onAbort);
        resolve(connection);
      };
      if (deadline.aborted) return onAbort();
      deadline.addEventListener('abort', onAbort, { once: true });
      this.#onConnect.add(onConnect);
    });
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stop;
    let wait: number = retryMs.first;
    while (!signal.aborted) {
      try {
        const connection = await connectAs(this.#options.endpoint(), this.#options.identity, {
          clientId: `birthmark-observer-${randomUUID()}`,
          signal,
        });
        wait = retryMs.first;
        this.#begin(connection);
        this.#lose((await connection.ended) ?? new Failure('CANCELLED', { left: 'as they were' }));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#failure = error;
        await pause(wait, signal);
        wait = Math.min(wait * 2, retryMs.most);
      }
    }
  }

  #begin(connection: Connection): void {
    this.#live = connection;
    this.#failure = null;
    for (const filter of this.#listeners.keys()) this.#subscribe(connection, filter);
    connection.onMessage((message) => {
      for (const [filter, onMessage] of this.#listeners) if (matches(filter, message.topic)) onMessage(message);
      for (const watch of this.#watches) {
        if (!matches(watch.filter, message.topic)) continue;
        watch.messages.push(message);
        for (const listener of [...watch.listeners]) listener();
      }
    });
    for (const resolve of this.#onConnect) resolve(connection);
    this.#onConnect.clear();
  }

  #lose(failure: Failure): void {
    this.#live = null;
    this.#failure = failure;
    const { host, port } = this.#options.endpoint();
    const lost =
      failure.code === 'CANCELLED'
        ? failure
        : new Failure('BROKER_AWAY', { host, port, stage: 'observer' }, failure.detail ?? failure.code);
    for (const watch of this.#watches) {
      watch.lost = lost;
      for (const listener of [...watch.listeners]) listener();
    }
  }
}

/** Resolves with what `find` finds, now or at a later message. */
function until(watch: Watch, options: WaitOptions, find: () => Message | undefined, missing: () => Failure): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(missing())), options.timeoutMs);
    const onAbort = (): void => settle(() => reject(new Failure('CANCELLED', { left: 'as they were' })));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      watch.listeners.delete(look);
      finish();
    };
    const look = (): void => {
      const found = find();
      if (found !== undefined) return settle(() => resolve(found));
      const { lost } = watch;
      if (lost !== null) return settle(() => reject(lost));
    };
    watch.listeners.add(look);
    options.signal.addEventListener('abort', onAbort);
    if (options.signal.aborted) return onAbort();
    look();
  });
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/** MQTT topic filter matching (MQTT 5 4.7); `$`-topics are matched only by name. */
export function matches(filter: string, topic: string): boolean {
  const want = filter.split('/');
  const have = topic.split('/');
  if (topic.startsWith('$') && (want[0] === '+' || want[0] === '#')) return false;
  for (const [index, level] of want.entries()) {
    if (level === '#') return true;
    if (have[index] === undefined || (level !== '+' && level !== have[index])) return false;
  }
  return want.length === have.length;
}
