import { ByteRing } from './byte-ring.ts';
import type { Expectation, Outcome } from './expectation.ts';
import { LineReader, type TextLine } from './line-reader.ts';
import type { Pattern } from './pattern/index.ts';

/** What nobody has asked for yet; the oldest of it is forgotten. */
const MAX_HELD_BYTES = 64 * 1024;
/** What a unit may repeat: lines that were sent since the last answer. */
const MAX_ECHO_LINES = 400;
const MAX_SENT_CHARS = 16 * 1024;

export interface ConversationRules {
  /** Text that stands before an answer on the same line. */
  readonly prompts: readonly string[];
  readonly unsolicited: readonly Pattern[];
}

/** How a line is told to the transcript: one that the profile asked for, a prompt, bytes it asked for, or anything else. */
export type Heard = 'asked' | 'prompt' | 'bytes' | 'other';

export interface ConversationListener {
  readonly onHeard: (kind: Heard, text: string) => void;
  /** The unit repeated a line that was sent to it. */
  readonly onEcho: () => void;
}

/**
 * The pure half of a dialogue: bytes in, in any pieces; the outcome of the wait that is on comes out. Takes away control sequences, prompts, the echo of
 * what was sent and unsolicited lines. Has no clock and does no I/O; what it keeps is bounded.
 */
export class Conversation {
  readonly #rules: ConversationRules;
  readonly #listener: ConversationListener;
  readonly #reader: LineReader;
  readonly #held = new ByteRing(MAX_HELD_BYTES);
  #echo: string[] = [];
  /** The end of what was sent that no line end followed. */
  #sent = '';
  #last = '';
  #wait: { readonly expectation: Expectation; readonly onEnd: (outcome: Outcome) => void } | null = null;

  constructor(rules: ConversationRules, listener: ConversationListener) {
    this.#rules = rules;
    this.#listener = listener;
    const onLine = ({ text, cut }: TextLine): void => {
      this.#wait?.expectation.startLine();
      // A line whose end is missing is nobody’s answer.
      if (cut) listener.onHeard('other', text);
      else this.#line(text);
    };
    this.#reader = new LineReader(onLine, (byte) => {
      this.#look([byte]);
    });
  }

  /** An answer may be there before it is waited for, and only the wait knows which of its bytes are lines: they are held until then. */
  receive(bytes: Uint8Array): void {
    const taken = this.#reader.push(bytes, () => this.#wait !== null);
    if (taken < bytes.length) this.#held.push(bytes.subarray(taken));
  }

  /** What is sent now may be repeated by the unit. */
  sending(text: string): void {
    this.#sent = (this.#sent + text).slice(-MAX_SENT_CHARS);
    const lines = this.#sent.split(/[\r\n]+/u);
    this.#sent = lines.pop() ?? '';
    // A command in parts comes back as one line; what follows raw data, as a line of its own.
    const alone = text.split(/[\r\n]+/u).slice(0, 1);
    for (const line of [...lines, ...alone]) if (line !== '' && this.#echo.length < MAX_ECHO_LINES) this.#echo.push(line);
  }

  /** What came before is no answer to what comes next. */
  forget(): void {
    this.#reader.clear();
    this.#held.take();
  }

  /** The last line since the wait began that was not what was waited for, for a failure’s detail. */
  get lastHeard(): string {
    return this.#reader.open === '' ? this.#last : this.#reader.open;
  }

  expect(expectation: Expectation, onEnd: (outcome: Outcome) => void): void {
    this.#wait = { expectation, onEnd };
    this.#last = '';
    expectation.startLine();
    this.#look(Buffer.from(this.#reader.open));
    this.receive(this.#held.take());
  }

  /** Nobody waits any more. */
  cancel(): void {
    this.#wait = null;
    this.#reader.clear();
  }

  #line(raw: string): void {
    let text = raw;
    for (let prompt = this.#promptOf(text); prompt !== undefined; prompt = this.#promptOf(text)) text = text.slice(prompt.length);
    if (text === '' || this.#isEcho(text)) return;
    if (this.#rules.unsolicited.some((pattern) => pattern.match(text) !== null)) {
      this.#listener.onHeard('asked', text);
      return;
    }
    this.#give(text);
  }

  #promptOf(text: string): string | undefined {
    return this.#rules.prompts.find((prompt) => text.startsWith(prompt));
  }

  /** Lines come back in the order in which they went out; one that was swallowed is passed over. */
  #isEcho(text: string): boolean {
    const index = this.#echo.indexOf(text);
    if (index < 0) return false;
    this.#echo.splice(0, index + 1);
    this.#listener.onEcho();
    return true;
  }

  #give(text: string): void {
    if (this.#wait === null) return;
    this.#last = text;
    const { expectation } = this.#wait;
    const step = expectation.line(text);
    this.#listener.onHeard(step.kind === 'passed' ? 'other' : 'asked', text);
    if (step.kind === 'ended') this.#end(step.outcome);
    if (step.kind === 'bytes')
      this.#reader.readBytes(step.bytes, (bytes) => {
        this.#listener.onHeard('bytes', bytes.toString('base64'));
        step.take(bytes);
        const outcome = this.#wait?.expectation === expectation ? expectation.complete : null;
        if (outcome !== null) this.#end(outcome);
      });
  }

  /** A prompt ends a wait as soon as it is there, however the bytes are cut. */
  #look(bytes: Iterable<number>): void {
    if (this.#wait === null) return;
    let prompted = false;
    for (const byte of bytes) prompted = this.#wait.expectation.openByte(byte) || prompted;
    if (!prompted) return;
    const { open } = this.#reader;
    const outcome = this.#wait.expectation.prompted(open);
    if (outcome === null) return;
    this.#listener.onHeard('prompt', open);
    this.#reader.clear();
    this.#end(outcome);
  }

  #end(outcome: Outcome): void {
    const onEnd = this.#wait?.onEnd;
    this.#wait = null;
    this.#echo = [];
    onEnd?.(outcome);
  }
}
