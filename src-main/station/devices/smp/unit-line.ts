import { Failure } from '../../../contract/index.ts';
import type { OpenOptions } from '../driver.ts';
import { openAgain, openSettled } from '../open-settled.ts';
import { SerialLink } from '../serial-link.ts';
import { Transcript } from '../transcript.ts';
import { SmpClient, type RequestOptions } from './client.ts';
import type { SmpBody } from './packet.ts';
import { isNotSupported } from './refusal.ts';
import type { SmpFilesProfile, SmpProfile } from './profile.ts';
import type { Answer, CommandName } from './commands.ts';
import { ask, provision, type ProvisionOptions, type AnswerTo } from './provision.ts';

export type CallTimes = Pick<RequestOptions, 'signal' | 'repeat' | 'silentRetries'> & { readonly deadlineMs?: number };

/** What asking a unit takes. */
export type SmpUnit = Pick<UnitLine, 'path' | 'ask' | 'askIfThere'>;

/** The line to the unit in one place: a serial link with an SMP client on it, both made anew when the unit went away and came back. */
export class UnitLine {
  readonly transcript: Transcript;
  readonly #path: string;
  readonly #profile: SmpProfile | SmpFilesProfile;
  #link: SerialLink | null = null;
  #client: SmpClient | null = null;
  readonly #unknown = new Set<CommandName>();

  private constructor(options: OpenOptions<SmpProfile | SmpFilesProfile>) {
    this.#path = options.path;
    this.#profile = options.profile;
    this.transcript = new Transcript(options.onTranscript);
  }

  get path(): string {
    return this.#path;
  }

  /** @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE; the signal's reason. */
  static async open(options: OpenOptions<SmpProfile | SmpFilesProfile>): Promise<UnitLine> {
    const line = new UnitLine(options);
    await openSettled(() => line.#openOnce(), options.signal);
    return line;
  }

  /** After PORT_GONE: waits for the port to come back. The unit behind it may be another one. */
  async reopen(signal: AbortSignal): Promise<void> {
    this.transcript.note('the unit went away; waiting for it to come back');
    await this.close();
    await openAgain(() => this.#openOnce(), this.#profile.replugMs, signal);
  }

  /** A command that must be answered. @throws Failure by what the unit refuses. */
  call<N extends CommandName>(name: N, body: SmpBody, options: CallTimes): Promise<Answer<N>> {
    return provision(this.#open(), this.transcript, name, body, this.#times(options));
  }

  /** A command that the unit may refuse. */
  ask<N extends CommandName>(name: N, body: SmpBody, options: CallTimes): Promise<AnswerTo<N>> {
    return ask(this.#open(), this.transcript, name, body, this.#times(options));
  }

  /**
   * A command that not every unit has; null: this one has not. It refuses it as unknown (MGMT_ERR_ENOTSUP), or says nothing to it while it answers others. A unit
   * is asked for it once.
   */
  async askIfThere<N extends CommandName>(name: N, body: SmpBody, signal: AbortSignal): Promise<AnswerTo<N> | null> {
    if (this.#unknown.has(name)) return null;
    try {
      const said = await this.ask(name, body, { signal, silentRetries: 1 });
      if (said.refusal === null || !isNotSupported(said.refusal)) return said;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'NO_RESPONSE') throw thrown;
      await this.ask('params', {}, { signal });
    }
    this.#unknown.add(name);
    return null;
  }

  #open(): SmpClient {
    if (this.#client === null) throw new Failure('PORT_GONE', { path: this.#path }, 'the line is closed');
    return this.#client;
  }

  #times(options: CallTimes): ProvisionOptions {
    return { deadlineMs: this.#profile.exchangeMs, busyMs: this.#profile.stepMs / 2, ...options };
  }

  async close(): Promise<void> {
    await this.#link?.close();
    this.#client?.break(new Failure('PORT_GONE', { path: this.#path }, 'the line was closed'));
    this.#link = null;
    this.#client = null;
  }

  async #openOnce(): Promise<void> {
    const { baudRate, line } = this.#profile;
    const link = await SerialLink.open({
      path: this.#path,
      baudRate,
      line,
      onData: (bytes) => {
        client.receive(bytes);
      },
      onLost: (failure) => {
        client.break(failure);
      },
    });
    const client = new SmpClient(link, (bytes) => {
      this.transcript.log(bytes);
    });
    this.transcript.note(`opened ${this.#path} at ${String(baudRate)} baud`);
    this.#link = link;
    this.#client = client;
  }
}
