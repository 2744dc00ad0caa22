import { toFailureData, type BrokerView, type Failure } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import { askCanaries } from './canaries.ts';
import type { BrokerEndpoint, BrokerHost, CanaryResult, InForce, KickResult, Publication, StationIdentities } from './host.ts';
import { PublicationQueue } from './publication-queue.ts';

export interface HostOptions {
  readonly identities: StationIdentities;
  readonly clock: Clock;
}

/** What differs between a broker of our own and somebody else's. Pauses between tries, in ms. */
export interface Kind {
  readonly kind: BrokerView['kind'];
  readonly pauses: { readonly first: number; readonly most: number };
}

const canaryEveryMs = 60_000;
export const canaryMs = 10_000;

/** What every kind of broker host has in common: its view, one change at a time, and canaries each minute. */
export abstract class HostBase implements BrokerHost {
  protected readonly identities: StationIdentities;
  protected readonly clock: Clock;
  protected state: BrokerView['state'] = 'starting';
  protected failure: Failure | null = null;
  protected started = false;
  protected version: string | null = null;
  readonly #kind: Kind;
  readonly #queue: PublicationQueue;
  readonly #listeners = new Set<(view: BrokerView) => void>();
  #since: string;
  #canary: CanaryResult | null = null;
  #pause: number;
  #retry: NodeJS.Timeout | undefined;
  #canaryTimer: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ identities, clock }: HostOptions, kind: Kind) {
    this.identities = identities;
    this.clock = clock;
    this.#kind = kind;
    this.#pause = kind.pauses.first;
    this.#since = instant(clock.now());
    this.#queue = new PublicationQueue(
      (publication) => this.alone(() => this.apply(publication)),
      () => this.#tell(),
    );
  }

  abstract readonly endpoint: BrokerEndpoint;
  abstract inForce(): Promise<InForce | null>;
  abstract kick(usernames: readonly string[]): Promise<readonly KickResult[]>;

  /** Before the first try to reach the broker; what it throws is `start`'s. */
  protected abstract prepare(): Promise<void>;
  /** Brings the broker up, or the connection to it, where it is not; a failure goes to `lost`. */
  protected abstract reach(): Promise<void>;
  protected abstract apply(publication: Publication): Promise<CanaryResult>;
  /** Each minute: is what was proven still so? What somebody else changed since is put back. */
  protected abstract watch(): Promise<void>;
  protected abstract end(): Promise<void>;
  view(): BrokerView {
    const canary = this.#canary;
    const { host, port } = this.endpoint;
    const { kind } = this.#kind;
    return {
      name: kind === 'local' ? 'local' : host,
      kind,
      state: this.state,
      host,
      port,
      version: this.version,
      since: this.#since,
      canary: canary === null ? null : { at: canary.at, revokedRefused: canary.revokedRefused, goodAccepted: canary.goodAccepted },
      waiting: this.#queue.waiting,
      waitingSince: this.#queue.since === null ? null : instant(this.#queue.since),
      failure: this.failure === null ? null : toFailureData(this.failure),
    };
  }

  onChange(listener: (view: BrokerView) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves after the first try; a broker that is away is no error here: the view says why, and it is tried again. */
  async start(): Promise<void> {
    if (this.started) return;
    await this.prepare();
    this.started = true;
    this.#pause = this.#kind.pauses.first;
    this.#canaryTimer = setInterval(() => void this.alone(() => this.watch()), canaryEveryMs).unref();
    await this.alone(() => this.reach());
  }

  async stop(): Promise<void> {
    this.started = false;
    clearInterval(this.#canaryTimer);
    clearTimeout(this.#retry);
    await this.alone(() => this.end());
    this.change('away', null);
  }

  publish(publication: Publication): Promise<CanaryResult> {
    return this.#queue.add(publication, this.clock.now());
  }

  canaries(): Promise<CanaryResult> {
    return this.alone(() => this.ask());
  }

  /** Asks the canaries; what they say is in the view. */
  protected async ask(): Promise<CanaryResult> {
    this.#canary = await this.askOnce();
    return this.#canary;
  }

  protected askOnce(): Promise<CanaryResult> {
    return askCanaries(this.endpoint, this.identities, this.clock, canaryMs);
  }

  /** It was reached: the next loss is followed by a short pause again. */
  protected reached(): void {
    this.#pause = this.#kind.pauses.first;
  }

  /** It is gone: say so, and try again with growing pauses. */
  protected lost(failure: Failure): void {
    this.change('away', failure);
    if (!this.started) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.alone(() => this.reach()), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, this.#kind.pauses.most);
  }

  protected change(state: BrokerView['state'], failure: Failure | null): void {
    if (state !== this.state) this.#since = instant(this.clock.now());
    this.state = state;
    this.failure = failure;
    this.#tell();
  }

  #tell(): void {
    const view = this.view();
    for (const listener of [...this.#listeners]) listener(view);
  }

  /** One change of the host at a time: publications, canaries, restarts. */
  protected alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
