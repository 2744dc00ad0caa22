import { Failure, toFailureData, type CallOrigin, type Outcome, type Service } from '../contract/index.ts';
import type { Ids, Level, LogLine } from '../log/index.ts';
import { parsed, Upward, type Downward, type ServiceProcess, type SpawnService } from './wire.ts';

export interface ServiceHostOptions {
  readonly service: Service;
  readonly spawn: SpawnService;
  readonly config: unknown;
  /** `to`: for these connections only. */
  readonly onEvent: (name: string, payload: unknown, to?: readonly string[]) => void;
  /** A call of this service to the other one. */
  readonly onPeerCall: (name: string, input: unknown, ids: Ids) => Promise<unknown>;
  readonly logLevel: Level;
  /** A line of the service for the log. */
  readonly onLine: (line: LogLine) => void;
  readonly onState: (state: 'up' | 'restarting', how: string) => void;
  /** Asked when the service ended unasked, for the failure of the calls that were pending; SERVICE_CRASHED without it. */
  readonly whyDied?: () => Failure;
}

const restartDelaysMs = [0, 200, 1000, 5000];
/** A service that stayed up this long starts anew with the first delay. */
const settledMs = 30_000;

/** Keeps one service running. A crash fails the calls that were pending with SERVICE_CRASHED and starts it again. */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (failure: Failure) => void }>();
  #process: ServiceProcess | undefined;
  #ready: { promise: Promise<void>; resolve: () => void; reject: (failure: Failure) => void } | undefined;
  #nextId = 1;
  #restarts = 0;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Calls made while the service starts wait for it. Rejects with a `Failure`, never with anything else. */
  async call(name: string, input: unknown, origin: CallOrigin | null, ids: Ids = {}): Promise<unknown> {
    return this.#ask((id) => ({ kind: 'call', id, name, input, origin, ids }));
  }

  /** NOT_ALLOWED, or nothing. */
  async authorize(name: string, requestId: string, origin: CallOrigin, ids: Ids): Promise<void> {
    await this.#ask((id) => ({ kind: 'authorize', id, name, requestId, origin, ids }));
  }

  async #ask(message: (id: number) => Downward): Promise<unknown> {
    await this.#ready?.promise;
    const process = this.#process;
    if (this.#stopping || process === undefined) throw this.#crashed();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      process.send(message(id));
    });
  }

  /** An event of the other service. Lost while this one is down: it asks for the state when it starts. */
  tell(name: string, payload: unknown): void {
    this.#process?.send({ kind: 'peer-event', name, payload });
  }

  /** Who speaks on which connection, or does no more. */
  inform(message: Extract<Downward, { kind: 'face' | 'face-left' }>): void {
    this.#process?.send(message);
  }

  /** Ends a process that cannot be asked any more (a hung C call); it is started again like after a crash. */
  kill(): void {
    this.#process?.kill();
  }

  /** Lets the service put things away; ends it by force after `graceMs`. */
  async stop(graceMs = 10_000): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    // There will be no other start: whoever waits for one is told.
    this.#ready?.reject(this.#crashed());
    this.#ready = undefined;
    const process = this.#process;
    if (process === undefined) return;
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => process.kill(), graceMs);
      process.onExit(() => {
        clearTimeout(force);
        resolve();
      });
      process.send({ kind: 'stop' });
    });
  }

  #start(): void {
    this.#newReady();
    const process = this.#options.spawn(this.#options.service);
    this.#process = process;
    this.#startedAt = Date.now();
    process.onMessage((message) => this.#receive(process, message));
    process.onExit((how) => this.#exited(process, how));
    process.send({ kind: 'start', config: this.#options.config, logLevel: this.#options.logLevel });
  }

  #newReady(): void {
    if (this.#ready !== undefined) return;
    let resolve = (): void => undefined;
    let reject = (_: Failure): void => undefined;
    const promise = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    promise.catch(() => undefined);
    this.#ready = { promise, resolve, reject };
  }

  #receive(process: ServiceProcess, received: unknown): void {
    const message = parsed(Upward, received);
    // The last lines of a service may come after its end was noticed.
    if (message?.kind === 'log') return this.#options.onLine(message.line);
    if (process !== this.#process || message === null) return;
    switch (message.kind) {
      case 'ready':
        this.#ready?.resolve();
        this.#ready = undefined;
        this.#options.onState('up', 'ready');
        return;
      case 'result':
        this.#settle(message.id, message.outcome);
        return;
      case 'event':
        this.#options.onEvent(message.name, message.payload, message.to);
        return;
      case 'peer-call':
        void this.#relay(process, message);
    }
  }

  async #relay(process: ServiceProcess, { id, name, input, ids }: Extract<Upward, { kind: 'peer-call' }>): Promise<void> {
    let outcome: Outcome<unknown>;
    try {
      outcome = { ok: true, value: await this.#options.onPeerCall(name, input, ids) };
    } catch (thrown) {
      outcome = { ok: false, error: toFailureData(thrown) };
    }
    process.send({ kind: 'peer-result', id, outcome });
  }

  #settle(id: number, outcome: Outcome<unknown>): void {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (outcome.ok) waiting?.resolve(outcome.value);
    else waiting?.reject(Failure.fromData(outcome.error));
  }

  #exited(process: ServiceProcess, how: string): void {
    if (process !== this.#process) return;
    this.#process = undefined;
    const why = this.#stopping ? this.#crashed() : (this.#options.whyDied?.() ?? this.#crashed());
    for (const waiting of this.#pending.values()) waiting.reject(why);
    this.#pending.clear();
    // Whoever waited for this start learns that it failed; calls made from now on wait for the next one.
    this.#ready?.reject(why);
    this.#ready = undefined;
    if (this.#stopping) return;
    this.#newReady();
    this.#options.onState('restarting', how);
    if (Date.now() - this.#startedAt > settledMs) this.#restarts = 0;
    const delay = restartDelaysMs[Math.min(this.#restarts, restartDelaysMs.length - 1)] ?? 0;
    this.#restarts++;
    this.#timer = setTimeout(() => this.#start(), delay);
  }

  #crashed(): Failure {
    return new Failure('SERVICE_CRASHED', { service: this.#options.service });
  }
}
