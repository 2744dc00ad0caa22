import type { z } from 'zod';
import {
  Failure,
  signerEvents,
  type ModuleConfig,
  type SignerClient,
  type SignerOutput,
  type SignerParsed,
  type SigningSession,
  type TokenRef,
  type TokenState,
} from '../contract/index.ts';

/** A session that is over, as it was, and how it ended. */
export type SessionEnded = z.infer<(typeof signerEvents)['session.ended']>;

export interface SignerListener {
  changed(): void;
  /** A session that was not known before. */
  opened(session: SigningSession): void;
  ended(ended: SessionEnded): void;
}

/** What the station knows of the signer, kept up by its events. */
export class SignerLink {
  readonly call: SignerClient;
  readonly #listener: SignerListener;
  readonly #pins = new Map<string, () => void>();
  readonly #gone = new Map<string, (failure: Failure) => void>();
  #use: { module: ModuleConfig; watch: TokenRef | null } | null = null;
  #using: Promise<void> = Promise.resolve();
  /** How often the signer was started again. */
  #starts = 0;
  session: SigningSession | null = null;
  token: TokenState = { state: 'none', view: null };
  /** Why the module cannot be used; null when it can. */
  failure: Failure | null = null;

  constructor(call: SignerClient, listener: SignerListener) {
    this.call = call;
    this.#listener = listener;
  }

  /** Names the module and the token of this station; a module that cannot be loaded is kept as `failure`. */
  async use(module: ModuleConfig, watch: TokenRef): Promise<void> {
    this.#use = { module, watch };
    try {
      // A session that outlived a crash of the station is still good; putting the module to use anew would end it.
      this.session = await this.call('session.current', {});
      if (this.session === null) await this.call('module.use', this.#use);
      this.token = await this.call('token.state', {});
      this.failure = null;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.failure = thrown;
      this.token = { state: 'absent', view: null };
    }
    this.#listener.changed();
  }

  event(name: string, payload: unknown): void {
    if (name === 'signer.up') {
      this.#starts++;
      const lost = this.session;
      this.session = null;
      if (lost !== null)
        this.#listener.ended({ session: lost, end: { at: new Date().toISOString(), why: 'the signing service had to be started again' } });
      if (this.#use !== null) this.#using = this.use(this.#use.module, this.#use.watch ?? { label: '', serial: '' });
      return;
    }
    if (name === 'session.changed') {
      const before = this.session?.id;
      this.session = signerEvents[name].parse(payload);
      if (this.session !== null && this.session.id !== before) this.#listener.opened(this.session);
    } else if (name === 'session.ended') this.#listener.ended(signerEvents[name].parse(payload));
    else if (name === 'token.changed') this.token = signerEvents[name].parse(payload);
    else if (name === 'pin.answered') this.#pins.get(signerEvents[name].parse(payload).requestId)?.();
    else if (name === 'pin.gone') {
      const { requestId, failure } = signerEvents[name].parse(payload);
      this.#gone.get(requestId)?.(Failure.fromData(failure));
    }
    this.#listener.changed();
  }

  /** Throws why the module cannot be used. Waits for a signer that was just started again to have it back. */
  async mustWork(): Promise<void> {
    await this.#using;
    if (this.failure !== null) throw this.failure;
  }

  /**
   * A request for a session, by a signer that has its module. One that waited for a signer's start came before the module did, and
   * its PIN would find none: it is made again, and the first is never answered.
   */
  async requestSession(terms: SignerParsed<'session.request'>): Promise<SignerOutput<'session.request'>> {
    for (;;) {
      await this.mustWork();
      const starts = this.#starts;
      const request = await this.call('session.request', terms);
      if (starts === this.#starts) return request;
    }
  }

  /** The same, and rejects as soon as nobody can answer it any more, with why. */
  async answeredOrGone(request: { requestId: string; expiresAt: string }): Promise<void> {
    const gone = new Promise<never>((_, reject) => this.#gone.set(request.requestId, reject));
    try {
      await Promise.race([this.answered(request), gone]);
    } finally {
      this.#gone.delete(request.requestId);
    }
  }

  /** Resolves when a person has answered this request with the right PIN; PIN_REQUEST_UNKNOWN when it ran out. */
  answered(request: { requestId: string; expiresAt: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#pins.delete(request.requestId);
        finish();
      };
      const timer = setTimeout(() => settle(() => reject(new Failure('PIN_REQUEST_UNKNOWN'))), Date.parse(request.expiresAt) - Date.now());
      this.#pins.set(request.requestId, () => settle(resolve));
    });
  }
}
