import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../../contract/index.ts';
import { startDeadline } from '../deadline.ts';
import { LineHealth } from '../line-health.ts';
import { printable, type Transcript } from '../transcript.ts';

/** Control characters of the REPL. Source: MicroPython documentation, "The MicroPython Interactive Interpreter Mode", raw mode and raw-paste mode. */
const [CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E] = [1, 2, 3, 4, 5];
const BANNER = Buffer.from('raw REPL; CTRL-B to exit\r\n>');
const RETURN = 0x0d;
/** More than any answer of ours; a board that says more is cut off. */
const MAX_HELD = 16 * 1024;
/** Plain raw mode has no flow control, and a small board keeps 64 bytes while it is busy (the micro:bit): it is never sent more before it has answered. */
const PLAIN_BYTES = 60;
/** Of the board's own error, in a failure. */
const MAX_ERROR_CHARS = 200;
const INTERRUPTS = 3;
const QUIET_MS = 60;

export interface ReplLine {
  readonly path: string;
  readonly baudRate: number;
  write(bytes: Uint8Array, deadlineMs: number): Promise<void>;
}

/** What a piece of code printed; `traceback` is empty when it ended well. */
export interface Output {
  readonly text: string;
  readonly traceback: string;
}

/** The raw REPL of one board: code in, output out, one piece at a time. */
export class RawRepl {
  readonly health = new LineHealth();
  readonly #line: ReplLine;
  readonly #transcript: Transcript;
  readonly #exchangeMs: number;
  #held = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #broken: Failure | null = null;
  /** Null: not tried yet. */
  #pastes: boolean | null = null;

  constructor(line: ReplLine, transcript: Transcript, exchangeMs: number) {
    this.#line = line;
    this.#transcript = transcript;
    this.#exchangeMs = exchangeMs;
  }

  get path(): string {
    return this.#line.path;
  }

  /** Longer code than `PLAIN_BYTES` costs this board several exchanges. */
  get takesLittle(): boolean {
    return this.#pastes === false;
  }

  receive(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes]).subarray(-MAX_HELD);
    this.#wake();
  }

  break(failure: Failure): void {
    this.#broken = failure;
    this.#wake();
  }

  /** Interrupts what runs and enters raw mode; never a soft reset, which would start the board's program. */
  async enter(signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      await this.#send(Buffer.from([RETURN, CTRL_C]), signal);
      await this.#drain(signal);
      await this.#send(Buffer.from([RETURN, CTRL_A]), signal);
      try {
        await this.#until(BANNER, signal, this.#exchangeMs);
        this.health.good += 1;
        return;
      } catch (thrown) {
        if (tries === INTERRUPTS || !(thrown instanceof Failure) || thrown.code === 'PORT_GONE') throw thrown;
      }
    }
  }

  /** Back to the friendly prompt. */
  leave(): Promise<void> {
    return this.#line.write(Buffer.from([RETURN, CTRL_B]), this.#exchangeMs);
  }

  /** `about` stands in the transcript in place of the code. */
  async run(code: Uint8Array, about: string, signal: AbortSignal): Promise<Output> {
    this.#transcript.sent(about, { bytes: code.length });
    this.#held = Buffer.alloc(0);
    if (!((this.#pastes ?? true) && (await this.#paste(code, signal)))) await this.#plain(code, signal);
    const output = await this.#output(signal);
    this.#transcript.received(about, { bytes: output.text.length, error: lastLine(output.traceback) });
    return output;
  }

  async #output(signal: AbortSignal): Promise<Output> {
    const text = await this.#until(Buffer.of(CTRL_D), signal, this.#exchangeMs);
    const traceback = await this.#until(Buffer.of(CTRL_D), signal, this.#exchangeMs);
    await this.#until(Buffer.from('>'), signal, this.#exchangeMs);
    return { text: text.toString(), traceback: traceback.toString() };
  }

  /** False: this board does not paste, and is in plain raw mode now. */
  async #paste(code: Uint8Array, signal: AbortSignal): Promise<boolean> {
    await this.#send(Buffer.from([CTRL_E, 0x41, CTRL_A]), signal);
    let answer: Buffer;
    try {
      answer = await this.#take(2, signal);
    } catch (thrown) {
      if (this.#pastes === true || !(thrown instanceof Failure) || thrown.code === 'PORT_GONE') throw thrown;
      return this.#noPaste('it does not answer', signal);
    }
    if (answer[0] !== 0x52) return this.#noPaste('it does not know raw-paste', signal);
    if (answer[1] !== 1) {
      this.#pastes = false;
      return false;
    }
    try {
      await this.#pasteBody(code, (await this.#take(2, signal)).readUInt16LE(), signal);
    } catch (thrown) {
      // Some ports announce raw-paste and then hang.
      if (this.#pastes === true || !(thrown instanceof Failure) || thrown.code === 'PORT_GONE') throw thrown;
      return this.#noPaste('it hangs in raw-paste', signal);
    }
    this.#pastes = true;
    return true;
  }

  async #noPaste(why: string, signal: AbortSignal): Promise<false> {
    this.#transcript.note(`plain raw mode: ${why}`);
    this.#pastes = false;
    await this.enter(signal);
    return false;
  }

  async #pasteBody(code: Uint8Array, window: number, signal: AbortSignal): Promise<void> {
    if (window === 0) throw new Failure('NO_RESPONSE', { path: this.#line.path }, 'a window of nothing');
    let room = window;
    for (let at = 0; at < code.length;) {
      while (room === 0 || this.#held.length > 0) {
        const [byte] = await this.#take(1, signal);
        if (byte === CTRL_D) {
          // It wants no more: acknowledged, and its error follows.
          await this.#send(Buffer.of(CTRL_D), signal);
          return;
        }
        // A board that prints instead would keep this loop for ever.
        if (byte !== CTRL_A) throw new Failure('WRONG_PROTOCOL', { path: this.#line.path }, 'the board prints while it takes code');
        room += window;
      }
      const part = code.subarray(at, at + room);
      await this.#send(part, signal);
      room -= part.length;
      at += part.length;
    }
    await this.#send(Buffer.of(CTRL_D), signal);
    // Windows that are still announced come before it.
    await this.#until(Buffer.of(CTRL_D), signal, this.#exchangeMs);
  }

  /** Code that is longer than the board can keep goes over as pieces of a string, which it then executes. */
  async #plain(code: Uint8Array, signal: AbortSignal): Promise<void> {
    if (code.length <= PLAIN_BYTES) return this.#plainPiece(code, signal);
    await this.#plainPiece(Buffer.from("c=b''"), signal);
    await this.#output(signal);
    for (const piece of literalPieces(code, PLAIN_BYTES - "c+=b''".length)) {
      const line = Buffer.concat([Buffer.from("c+=b'"), piece, Buffer.from("'")]);
      await this.#plainPiece(line, signal).finally(() => {
        line.fill(0);
        piece.fill(0);
      });
      const { traceback } = await this.#output(signal);
      if (traceback !== '') throw new Failure('DEVICE_REFUSED', { command: 'a piece of code', error: errorOf(traceback) });
    }
    await this.#plainPiece(Buffer.from("t=c;c=b'';exec(t)"), signal);
  }

  async #plainPiece(code: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#send(Buffer.concat([code, Buffer.of(CTRL_D)]), signal);
    await this.#until(Buffer.from('OK'), signal, this.#exchangeMs);
  }

  async #send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#broken !== null) throw this.#broken;
    await this.#line.write(bytes, this.#exchangeMs + (bytes.length * 10_000) / this.#line.baudRate);
  }

  /** Lets what the board was saying run out. */
  async #drain(signal: AbortSignal): Promise<void> {
    const until = performance.now() + this.#exchangeMs;
    do {
      this.health.addNoise(this.#held);
      this.#held = Buffer.alloc(0);
      await pause(QUIET_MS, undefined, { signal });
    } while (this.#held.length > 0 && performance.now() < until);
  }

  async #take(count: number, signal: AbortSignal): Promise<Buffer> {
    await this.#wait(() => this.#held.length >= count, signal, this.#exchangeMs);
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** What comes before `mark`; both are taken. */
  async #until(mark: Buffer, signal: AbortSignal, ms: number): Promise<Buffer> {
    await this.#wait(() => this.#held.includes(mark), signal, ms);
    const end = this.#held.indexOf(mark);
    const taken = this.#held.subarray(0, end);
    this.#held = this.#held.subarray(end + mark.length);
    return taken;
  }

  /** One deadline, however much comes meanwhile. */
  #wait(done: () => boolean, signal: AbortSignal, ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        stop();
        signal.removeEventListener('abort', look);
        this.#wake = () => undefined;
        settle();
      };
      const fail = (reason: unknown): void => {
        finish(() => {
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        });
      };
      const look = (): void => {
        if (done()) finish(resolve);
        else if (signal.aborted) fail(signal.reason);
        else if (this.#broken !== null) fail(this.#broken);
      };
      const stop = startDeadline(ms, () => {
        this.health.addNoise(this.#held);
        fail(this.health.explain(this.#line.path, this.#line.baudRate, ms));
      });
      signal.addEventListener('abort', look);
      this.#wake = look;
      look();
    });
  }
}

/** Code as the insides of a bytes literal in pieces of at most so many bytes; no string is made of it, since it may hold a key. */
function literalPieces(code: Uint8Array, most: number): Buffer[] {
  const escapes: Readonly<Record<number, string>> = { 0x0a: '\\n', 0x0d: '\\r', 0x27: "\\'", 0x5c: '\\\\' };
  const pieces: Buffer[] = [];
  let piece = Buffer.alloc(most);
  let used = 0;
  for (const byte of code) {
    const escape = escapes[byte];
    const length = escape?.length ?? 1;
    if (used + length > most) {
      pieces.push(piece.subarray(0, used));
      [piece, used] = [Buffer.alloc(most), 0];
    }
    if (escape === undefined) piece[used] = byte;
    else piece.write(escape, used, 'latin1');
    used += length;
  }
  return [...pieces, piece.subarray(0, used)];
}

/** The board's own error, for a failure. */
export const errorOf = (traceback: string): string => printable(Buffer.from(lastLine(traceback))).slice(0, MAX_ERROR_CHARS);

/** The error itself is the last line of a traceback. */
const lastLine = (traceback: string): string => traceback.trim().split('\n').at(-1)?.trim() ?? '';
