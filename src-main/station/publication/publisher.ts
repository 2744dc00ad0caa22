import { randomUUID } from 'node:crypto';
import { Failure, stackOf, toFailureData, type RevocationView } from '../../contract/index.ts';
import { currentIds, say, sayUnder, underIds, type Ids } from '../../log/index.ts';
import type { BrokerHost } from '../broker/index.ts';
import type { Clock } from '../clock.ts';
import type { Registry } from '../registry/index.ts';
import { accessOf } from './access.ts';
import type { CrlBuilder } from './crl-builder.ts';
import type { CrlSet } from './crl-set.ts';

export interface PublisherOptions {
  readonly registry: Registry;
  readonly host: BrokerHost;
  readonly crls: CrlSet;
  /** Certificates of the CAs whose devices the broker lets in. */
  readonly clientCaPem: () => string;
  readonly clock: Clock;
  /** Why the clock cannot be believed: a list with a wrong time in it locks everybody out. Null: it can. */
  readonly clockDoubt: () => Failure | null;
  /** Rejects while nothing may be published: the folder may be a copy, or a registry that was restored could not catch up yet. */
  readonly caughtUp: () => Promise<void>;
  readonly onRevocation: (view: RevocationView) => void;
  readonly onChange: () => void;
}

interface PublicationRequest {
  /** Wants a new CRL to be in force; the others are content with the access list and the newest CRL there is. */
  readonly newCrl: boolean;
  /** What asked for it. */
  readonly ids: Ids;
  resolve(): void;
  reject(failure: unknown): void;
}

/** Events for one publication: a screen that follows more of them reads the list. */
const maxTold = 500;
/** A CRL costs a signature and a reload of every broker: at most one a second for what was revoked. */
const batchMs = 1_000;
const retryMs = { first: 1_000, longest: 60_000 };

/**
 * Brings the broker host to what the registry says: CRL and access list, always the whole state. Requests made while a publication
 * is under way share the next one. What failed is tried again with growing pauses and at once when the host comes back.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #waiting: PublicationRequest[] = [];
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #pause = retryMs.first;
  #failure: Failure | null = null;
  /** The access list as recorded is in force. */
  #accessInForce = false;
  #stopped = false;
  /** Above which number a CRL must be built whatever is due; null when none must. */
  #force: number | null = null;
  /** A CRL that waits for its second to be over. */
  #batch: { readonly over: Promise<void>; readonly end: () => void } | null = null;
  readonly #builtAt = new Map<CrlBuilder, number>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    let wasUp = options.host.view().state === 'up';
    options.host.onChange((view) => {
      const isUp = view.state === 'up';
      if (isUp && !wasUp) this.#soon(0);
      wasUp = isUp;
    });
  }

  /** Why the last publication failed; null when all that is recorded is in force. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** What is in force when no publication is under way any more, or after `ms`; `failure` null: nothing failed, it goes on. */
  async settled(ms: number): Promise<{ accessInForce: boolean; failure: Failure | null }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.idle(), late]);
    clearTimeout(timer);
    return { accessInForce: this.#accessInForce, failure: this.#failure };
  }

  /**
   * Resolves when the access list as recorded before this call is in force, with `newCrl` when a new CRL is too; rejects with the
   * reason why not. A CRL that nobody allows the token to sign holds back revocations, not the devices that are to be let in.
   */
  publish({ newCrl = false, above = 0 }: { newCrl?: boolean; above?: number } = {}): Promise<void> {
    if (newCrl) this.#force = Math.max(this.#force ?? 0, above);
    this.#accessInForce = false;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ newCrl, ids: currentIds(), resolve, reject });
      this.#run();
    });
  }

  /** The same in the background: a failure is kept, shown and tried again. */
  publishSoon(): void {
    void this.publish().catch(() => undefined);
  }

  /** Resolves when no publication is under way, and none waits to be shared. */
  async idle(): Promise<void> {
    for (let next = this.#running ?? this.#batch?.over; next !== undefined; next = this.#running ?? this.#batch?.over) await next;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#batch?.end();
    await this.idle();
  }

  #run(): void {
    if (this.#running !== null || this.#stopped) return;
    this.#running = this.#rounds().finally(() => {
      this.#running = null;
      this.#options.onChange();
    });
  }

  async #rounds(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopped) {
      const served = this.#waiting;
      this.#waiting = [];
      const publication = randomUUID();
      await underIds({ publication }, () => this.#serve(served));
      tellAskers(served, publication, this.#failure);
      this.#options.onChange();
    }
  }

  async #serve(served: readonly PublicationRequest[]): Promise<void> {
    try {
      const held = await this.#round();
      if (held === null) {
        this.#failure = null;
        this.#pause = retryMs.first;
      } else this.#failed(held);
      for (const one of served) {
        if (held !== null && one.newCrl) one.reject(held);
        else one.resolve();
      }
    } catch (thrown) {
      this.#failed(thrown);
      for (const one of served) one.reject(thrown);
    }
  }

  /** Returns why no new CRL could be signed, where one was due; null when all is in force. */
  async #round(): Promise<Failure | null> {
    const { registry, host, crls, clientCaPem, caughtUp } = this.#options;
    await caughtUp();
    const began = performance.now();
    const upTo = registry.store.outbox().last;
    const held = await this.#freshCrls();
    const current = crls.forBrokers().map((builder) => builder.current());
    const carried = registry.revocations.waiting().filter((one) => one.crlNumber !== null);
    await host.publish({ crls: current, clientCaPem: clientCaPem(), ...accessOf(registry) });
    // Whoever asked meanwhile is served by the next round.
    this.#accessInForce = this.#waiting.length === 0;
    for (const { issuer, partition = 0, number } of current) registry.crls.published({ issuer, partition }, number);
    registry.store.delivered(upTo);
    say('info', 'publication', 'in force on the broker host', {
      ms: Math.round(performance.now() - began),
      revocations: carried.length,
      crls: current.map(({ issuer, partition = 0, number }) => `${issuer}/${String(partition)} #${String(number)}`),
    });
    await this.#takeEffect(carried);
    return held;
  }

  /** New CRLs where they are due. Without a session the old ones still go out, with the access list; the first reason is returned and told. */
  async #freshCrls(): Promise<Failure | null> {
    const force = this.#force;
    const forced = force === null ? [] : this.#options.crls.current();
    let held: Failure | null = null;
    for (const builder of this.#options.crls.builders())
      held = (await this.#freshCrl(builder, forced.includes(builder) ? force : null)) ?? held;
    if (held === null) this.#force = null;
    return held;
  }

  async #freshCrl(crl: CrlBuilder, force: number | null): Promise<Failure | null> {
    const needed = force !== null || crl.unlisted().count > 0;
    if (!needed && !crl.isDue()) return null;
    const doubt = this.#options.clockDoubt();
    if (doubt !== null && crl.newest() !== null) return needed ? doubt : null;
    const wait = batchMs - (performance.now() - (this.#builtAt.get(crl) ?? -batchMs));
    if (force === null && wait > 0) {
      this.#shareAfter(wait);
      return null;
    }
    try {
      await crl.build(force ?? 0);
      this.#builtAt.set(crl, performance.now());
      return null;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || (crl.newest() === null && crl.issuer.kind === 'issuing')) throw thrown;
      // A list that is only getting older is no news yet: a readiness warning comes in time.
      return needed || !isSessionRefusal(thrown) ? thrown : null;
    }
  }

  /** Revocations that come one after the other share a CRL each second; the first of them never waits. */
  #shareAfter(ms: number): void {
    if (this.#batch !== null || this.#stopped) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        end();
        this.publishSoon();
      }, ms);
      end = () => {
        clearTimeout(timer);
        this.#batch = null;
        resolve();
      };
    });
    this.#batch = { over, end };
  }

  async #takeEffect(carried: readonly RevocationView[]): Promise<void> {
    const { registry, host, onRevocation } = this.#options;
    if (carried.length === 0) return;
    registry.revocations.published(carried.map((one) => one.serial));
    const told = carried.slice(0, maxTold);
    for (const one of told) this.#tell(one.serial, onRevocation);
    const ofClients = carried.filter(({ use }) => use !== 'server');
    const kicked = new Map((await host.kick([...new Set(ofClients.map((one) => one.device))])).map((result) => [result.username, result]));
    const now = this.#options.clock.now();
    registry.revocations.effective(
      ofClients.map((one) => ({
        serial: one.serial,
        liveSessionGoneMs: (kicked.get(one.device)?.ended ?? 0) === 0 ? null : now - Date.parse(one.recordedAt),
      })),
    );
    for (const one of told) this.#tell(one.serial, onRevocation);
  }

  #tell(serial: string, onRevocation: (view: RevocationView) => void): void {
    const view = this.#options.registry.revocations.get(serial);
    if (view !== null) onRevocation(view);
  }

  #failed(thrown: unknown): void {
    const before = this.#failure?.code;
    this.#failure = thrown instanceof Failure ? thrown : Failure.fromData(toFailureData(thrown));
    // What lasts is said once.
    say(this.#failure.code === before ? 'debug' : 'warn', 'publication', `failed: ${stackOf(thrown)}`, { code: this.#failure.code });
    // Without an open session only an officer can help: opening one publishes at once.
    if (isSessionRefusal(this.#failure)) return;
    this.#soon(this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, retryMs.longest);
  }

  #soon(ms: number): void {
    clearTimeout(this.#retry);
    if (this.#stopped) return;
    this.#retry = setTimeout(() => this.publishSoon(), ms);
    this.#retry.unref();
  }
}

/** Each call, run or revocation that asked finds the publication that served it. */
function tellAskers(served: readonly PublicationRequest[], publication: string, failure: Failure | null): void {
  const outcome = failure === null ? 'in force' : `not whole: ${failure.code}`;
  for (const { ids } of served)
    if (ids.call !== undefined || ids.run !== undefined) sayUnder({ ...ids, publication }, 'info', 'publication', outcome);
}

const isSessionRefusal = (failure: Failure): boolean => failure.code.startsWith('SESSION_');
