import { Failure } from '../../../contract/index.ts';
import type { DriverOptions } from '../driver.ts';
import { openAgain, openSettled } from '../open-settled.ts';
import { SerialLink } from '../serial-link.ts';
import { Transcript } from '../transcript.ts';
import type { Heard } from './conversation.ts';
import { Dialogue } from './dialogue.ts';
import { HeardKeys } from './heard-keys.ts';
import type { ConsoleProfile } from './profile.ts';
import { Script } from './script.ts';
import type { Values } from './values.ts';

/** The line to a unit: a serial link with a dialogue on it, both made anew when the unit went away and came back. */
export class ConsoleLine {
  readonly transcript: Transcript;
  readonly heardKeys: HeardKeys;
  readonly #options: DriverOptions<ConsoleProfile>;
  readonly #values: Values;
  #open: { readonly link: SerialLink; readonly dialogue: Dialogue; readonly script: Script } | null = null;

  private constructor(options: DriverOptions<ConsoleProfile>, values: Values) {
    this.heardKeys = new HeardKeys(options.secrets);
    this.#options = options;
    this.#values = values;
    this.transcript = new Transcript(options.onTranscript);
  }

  /** @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE; the signal’s reason. */
  static async open(options: DriverOptions<ConsoleProfile>, values: Values): Promise<ConsoleLine> {
    const line = new ConsoleLine(options, values);
    await openSettled(() => line.#openOnce(), options.signal);
    return line;
  }

  get script(): Script {
    if (this.#open === null) throw new Failure('PORT_GONE', { path: this.#options.path }, 'the line is closed');
    return this.#open.script;
  }

  get isUsable(): boolean {
    return this.#open !== null && !this.#open.dialogue.isBroken;
  }

  /** After PORT_GONE: waits for the port to come back. The unit behind it may be another one. */
  async reopen(signal: AbortSignal): Promise<void> {
    this.transcript.note('the unit went away; waiting for it to come back');
    await this.close();
    await openAgain(() => this.#openOnce(), this.#options.profile.replugMs, signal);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.link.close();
    open?.dialogue.break(new Failure('PORT_GONE', { path: this.#options.path }, 'the line was closed'));
  }

  async #openOnce(): Promise<void> {
    const { path, profile } = this.#options;
    const link = await SerialLink.open({
      path,
      baudRate: profile.baudRate,
      line: profile.line,
      onData: (bytes) => {
        dialogue.receive(bytes);
      },
      onLost: (failure) => {
        dialogue.break(failure);
      },
    });
    const dialogue = new Dialogue(link, profile, (kind, text) => {
      this.#heard(kind, text);
    });
    const place = {
      dialogue,
      values: this.#values,
      lineEnd: profile.lineEnd,
      path,
      onSent: (text: string) => {
        this.transcript.line('to-unit', text);
      },
    };
    this.#open = { link, dialogue, script: new Script(place, profile.echo) };
    this.transcript.note(`opened ${path} at ${String(profile.baudRate)} baud`);
  }

  #heard(kind: Heard, text: string): void {
    this.heardKeys.hear(text);
    const hidden = this.#values.hide(text);
    if (kind === 'other') this.transcript.log(Buffer.from(hidden));
    else if (kind === 'asked') this.transcript.line('from-unit', hidden);
    else this.transcript.line('from-unit', hidden, kind);
  }
}
