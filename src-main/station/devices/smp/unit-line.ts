import { Failure } from '../../../contract/index.ts';
import type { OpenOptions } from '../driver.ts';
import { openAgain, openSettled } from '../open-settled.ts';
import { SerialLink } from '../serial-link.ts';
import { Transcript } from '../transcript.ts';
import { SmpClient, type RequestOptions } from './client.ts';
import type { SmpBody } from './packet.ts';
import type { SmpProfile } from './profile.ts';
import { provision, type Answer, type CommandName } from './provision.ts';

/** The line to the unit in one place: a serial link with an SMP client on it, both made anew when the unit went away and came back. */
export class UnitLine {
  readonly transcript: Transcript;
  readonly #path: string;
  readonly #profile: SmpProfile;
  #link: SerialLink | null = null;
  #client: SmpClient | null = null;

  private constructor(options: OpenOptions<SmpProfile>) {
    this.#path = options.path;
    this.#profile = options.profile;
    this.transcript = new Transcript(options.onTranscript);
  }

  /** @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE; the signal's reason. */
  static async open(options: OpenOptions<SmpProfile>): Promise<UnitLine> {
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

  call<N extends CommandName>(
    name: N,
    body: SmpBody,
    options: Pick<RequestOptions, 'signal' | 'repeat'> & { readonly deadlineMs?: number },
  ): Promise<Answer<N>> {
    if (this.#client === null) throw new Failure('PORT_GONE', { path: this.#path }, 'the line is closed');
    return provision(this.#client, this.transcript, name, body, {
      deadlineMs: this.#profile.exchangeMs,
      busyMs: this.#profile.stepMs / 2,
      ...options,
    });
  }

  async close(): Promise<void> {
    await this.#link?.close();
    this.#client?.break(new Failure('PORT_GONE', { path: this.#path }, 'the line was closed'));
    this.#link = null;
    this.#client = null;
  }

  async #openOnce(): Promise<void> {
    const { baudRate } = this.#profile;
    const link = await SerialLink.open({
      path: this.#path,
      baudRate,
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
