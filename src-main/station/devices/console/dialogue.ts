import { Failure } from '../../../contract/index.ts';
import { LineHealth } from '../line-health.ts';
import { printable, redact } from '../transcript.ts';
import { Conversation, type Heard } from './conversation.ts';
import { errorBranch, Expectation, type ErrorBranch, type Outcome } from './expectation.ts';
import { profileFailure } from './named-failure.ts';
import { Pattern } from './pattern/index.ts';
import type { ConsoleProfile } from './profile.ts';
import type { Expect, LineEnd } from './steps.ts';
import { realTime, type DialogueTime } from './time.ts';

/** Where a dialogue’s bytes go; what comes back is given to `Dialogue.receive`. */
export interface Wire {
  readonly path: string;
  /** NO_RESPONSE when the peer does not take the bytes in time, PORT_GONE. */
  write(bytes: Uint8Array, deadlineMs: number): Promise<void>;
}

export type DialogueRules = Pick<ConsoleProfile, 'baudRate' | 'exchangeMs' | 'lineEnd' | 'prompts' | 'unsolicited' | 'errors'>;

export const lineEnds: Readonly<Record<LineEnd, string>> = { cr: '\r', lf: '\n', crlf: '\r\n', none: '' };
/** Start, 8 data and stop bits, and as much again for a unit that takes its time. */
const BITS_PER_BYTE = 20;

/** Sends, and waits for answers, on one wire: every write and every wait has its own deadline, and ends at once with its signal. */
export class Dialogue {
  readonly #wire: Wire;
  readonly #rules: DialogueRules;
  readonly #time: DialogueTime;
  readonly #conversation: Conversation;
  readonly #errors: readonly ErrorBranch[];
  readonly #health = new LineHealth();
  #lastByteAt: number;
  #broken: Failure | null = null;
  #onBroken: ((failure: Failure) => void) | null = null;
  #echoes = false;
  #said = '';

  constructor(wire: Wire, rules: DialogueRules, onHeard: (kind: Heard, text: string) => void, time = realTime) {
    this.#wire = wire;
    this.#time = time;
    this.#lastByteAt = time.now();
    this.#rules = rules;
    this.#errors = rules.errors.map(errorBranch);
    this.#conversation = new Conversation(
      { prompts: rules.prompts, unsolicited: rules.unsolicited.map((source) => Pattern.of(source)) },
      { onHeard, onEcho: () => (this.#echoes = true) },
    );
  }

  /** The unit repeated something that was sent after `listenForEcho`. */
  get echoes(): boolean {
    return this.#echoes;
  }

  listenForEcho(): void {
    this.#echoes = false;
  }

  receive(bytes: Uint8Array): void {
    this.#lastByteAt = this.#time.now();
    if (this.#health.good === 0) this.#health.addNoise(bytes);
    this.#conversation.receive(bytes);
  }

  /** The line is gone: whoever waits is told, now and later. */
  break(failure: Failure): void {
    this.#broken ??= failure;
    this.#onBroken?.(this.#broken);
  }

  /** Leaves so much time on the dialogue’s clock. @throws the signal’s abort. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#time.pause(ms, signal);
  }

  get isBroken(): boolean {
    return this.#broken !== null;
  }

  /**
   * `shown`: the text without its secrets, all that is known here of what was sent once it is out. `starts`: it begins an exchange, so that nothing that
   * came before is taken for its answer.
   */
  async write(
    bytes: Buffer,
    { shown, signal, starts }: { readonly shown: string; readonly signal: AbortSignal; readonly starts: boolean },
  ): Promise<void> {
    signal.throwIfAborted();
    if (this.#broken !== null) throw this.#broken;
    const text = bytes.toString('latin1');
    if (starts) this.#conversation.forget();
    this.#conversation.sending(text);
    this.#said = /^[^\r\n"]{0,60}/u.exec(shown)?.[0] ?? '';
    await this.#orBroken(this.#wire.write(bytes, this.#rules.exchangeMs + this.wireMs(bytes.length)), signal);
  }

  /** A line that is gone may never tell what became of a write. */
  #orBroken(written: Promise<void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        this.#onBroken = null;
        settle();
      };
      const fail = (reason: unknown): void => {
        end(() => {
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        });
      };
      const onAbort = (): void => {
        fail(signal.reason);
      };
      this.#onBroken = fail;
      signal.addEventListener('abort', onAbort, { once: true });
      written.then(() => {
        end(resolve);
      }, fail);
    });
  }

  wireMs(bytes: number): number {
    return (bytes * BITS_PER_BYTE * 1000) / this.#rules.baudRate;
  }

  /**
   * Waits for what ends this exchange, and returns what was captured.
   * @throws Failure what the profile calls the line that came; NO_RESPONSE, WRONG_PROTOCOL or WRONG_BAUD_SUSPECTED when none did.
   */
  async expect(spec: Expect, bytesOf: (template: string) => number, signal: AbortSignal): Promise<ReadonlyMap<string, string | Buffer>> {
    let extraBytes = 0;
    const expectation = new Expectation(spec, this.#errors, (template) => {
      const bytes = bytesOf(template);
      extraBytes += bytes;
      return bytes;
    });
    const ms = (spec.timeoutMs ?? this.#rules.exchangeMs) + this.wireMs(extraBytes);
    const outcome = await this.#outcome(expectation, ms, signal);
    this.#health.good += 1;
    if (outcome.kind === 'error') throw this.#refused(outcome.branch, outcome.line);
    if (outcome.missing.length > 0)
      throw new Failure(
        'WRONG_PROTOCOL',
        { path: this.#wire.path },
        `the answer to ${this.#said} has no line like ${outcome.missing.join(', ')}`,
      );
    return outcome.captured;
  }

  /** Until nothing has come for `ms`; LINK_CORRUPT when the unit never stops. */
  async quiesce(ms: number, withinMs: number, signal: AbortSignal): Promise<void> {
    const began = this.#time.now();
    for (;;) {
      if (this.#broken !== null) throw this.#broken;
      const quiet = this.#time.now() - Math.max(this.#lastByteAt, began);
      if (quiet >= ms) break;
      if (this.#time.now() - began > withinMs)
        throw new Failure('NO_RESPONSE', { path: this.#wire.path, ms: withinMs }, 'the unit sends without end');
      await this.#time.pause(Math.min(ms - quiet + 1, 50), signal);
    }
    this.#conversation.forget();
  }

  #outcome(expectation: Expectation, ms: number, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        stopDeadline();
        signal.removeEventListener('abort', onAbort);
        this.#onBroken = null;
        settle();
      };
      const onAbort = (): void => {
        this.#conversation.cancel();
        end(() => {
          reject(signal.reason as Error);
        });
      };
      const stopDeadline = this.#time.deadline(ms, () => {
        const failure = this.#silence(ms);
        this.#conversation.cancel();
        end(() => {
          reject(failure);
        });
      });
      signal.addEventListener('abort', onAbort, { once: true });
      this.#onBroken = (failure) => {
        this.#conversation.cancel();
        end(() => {
          reject(failure);
        });
      };
      if (signal.aborted) onAbort();
      else if (this.#broken !== null) this.#onBroken(this.#broken);
      else
        this.#conversation.expect(expectation, (outcome) => {
          end(() => {
            resolve(outcome);
          });
        });
    });
  }

  #silence(ms: number): Failure {
    const failure = this.#health.explain(this.#wire.path, this.#rules.baudRate, Math.round(ms));
    const instead = redact(printable(Buffer.from(this.#conversation.lastHeard)));
    if (failure.code !== 'NO_RESPONSE' || instead === '') return failure;
    return new Failure('NO_RESPONSE', { path: this.#wire.path, ms: Math.round(ms) }, `no answer to ${this.#said}; last came: ${instead}`);
  }

  #refused(branch: ErrorBranch, line: string): Failure {
    const said = branch.says === undefined ? line : `${line} (${branch.says})`;
    return profileFailure(branch.failure, { path: this.#wire.path, command: this.#said, item: branch.item ?? null, says: said });
  }
}
