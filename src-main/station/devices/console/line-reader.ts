/** A certificate with its chain in base64 fits; nothing that a final result is made of is as long. */
export const MAX_LINE_BYTES = 16 * 1024;
/** The largest item that is read back as bytes. */
const MAX_RAW_BYTES = 64 * 1024;
/** A control sequence that goes on longer than this is none. */
const MAX_SEQUENCE_BYTES = 256;

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const ESC = 0x1b;
const BEL = 0x07;

type State = 'text' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape';

interface RawBytes {
  readonly bytes: Buffer;
  filled: number;
  readonly onBytes: (bytes: Buffer) => void;
}

export interface TextLine {
  readonly text: string;
  /** It was longer than what is kept: its end is missing. */
  readonly cut: boolean;
}

/**
 * Makes lines of what a console sends, the same ones however the bytes are cut into reads: without ANSI control sequences (ECMA-48) and control characters;
 * CR, LF or both end a line, empty lines are left out. What is kept is bounded whatever comes.
 */
export class LineReader {
  readonly #onLine: (line: TextLine) => void;
  readonly #onOpen: (byte: number) => void;
  readonly #line = Buffer.alloc(MAX_LINE_BYTES);
  #length = 0;
  #cut = false;
  #state: State = 'text';
  #sequence = 0;
  /** Bytes that are to be taken as they come, and what has come of them. */
  #raw: RawBytes | null = null;
  #endedByCr = false;

  /** `onOpen`: a byte was added to the line that has not ended. */
  constructor(onLine: (line: TextLine) => void, onOpen: (byte: number) => void = () => undefined) {
    this.#onLine = onLine;
    this.#onOpen = onOpen;
  }

  /** Takes bytes as long as somebody wants more of them; returns how many it took. */
  push(bytes: Uint8Array, wanted: () => boolean = () => true): number {
    let taken = 0;
    for (const byte of bytes) {
      if (!wanted()) break;
      taken += 1;
      const pairedLf = this.#endedByCr && byte === LF;
      this.#endedByCr = false;
      if (pairedLf) continue;
      if (this.#raw === null) this.#take(byte);
      else this.#takeRaw(this.#raw, byte);
    }
    return taken;
  }

  /** Takes the next `length` bytes after the line that just ended exactly as they come. */
  readBytes(length: number, onBytes: (bytes: Buffer) => void): void {
    if (length < 1 || length > MAX_RAW_BYTES) throw new RangeError(`${String(length)} bytes cannot be read at once`);
    this.#raw = { bytes: Buffer.alloc(length), filled: 0, onBytes };
  }

  /** What stands on the line that has not ended: a prompt, or the beginning of an answer. */
  get open(): string {
    return this.#line.toString('utf8', 0, this.#length);
  }

  /** Forgets the open line, and bytes that were waited for. */
  clear(): void {
    this.#forgetLine();
    this.#raw = null;
  }

  #forgetLine(): void {
    this.#length = 0;
    this.#cut = false;
  }

  #takeRaw(raw: RawBytes, byte: number): void {
    raw.bytes[raw.filled] = byte;
    raw.filled += 1;
    if (raw.filled < raw.bytes.length) return;
    this.#raw = null;
    raw.onBytes(raw.bytes);
  }

  #take(byte: number): void {
    if (this.#state !== 'text' && this.#inSequence(byte)) return;
    if (byte === ESC) this.#begin('escape');
    else if (byte === LF || byte === CR) this.#end(byte === CR);
    else if (byte === TAB || (byte >= 0x20 && byte !== 0x7f)) this.#add(byte);
  }

  /** False: the byte is text, because the sequence was none. */
  #inSequence(byte: number): boolean {
    this.#sequence += 1;
    // A line ends whatever it was in, and a sequence without an end ends nothing else.
    if (byte === LF || byte === CR || this.#sequence > MAX_SEQUENCE_BYTES) {
      this.#state = 'text';
      return false;
    }
    switch (this.#state) {
      case 'escape':
        if (byte === 0x5b) this.#state = 'csi';
        else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#state = 'string';
        else if (byte >= 0x20 && byte <= 0x2f) this.#state = 'intermediate';
        else this.#state = 'text';
        return true;
      case 'intermediate':
        if (byte < 0x20 || byte > 0x2f) this.#state = 'text';
        return true;
      case 'csi':
        if (byte >= 0x40 && byte <= 0x7e) this.#state = 'text';
        return true;
      case 'string':
        if (byte === BEL) this.#state = 'text';
        else if (byte === ESC) this.#state = 'string-escape';
        return true;
      case 'string-escape':
        this.#state = byte === 0x5c ? 'text' : 'string';
        return true;
      case 'text':
        return false;
    }
  }

  #begin(state: State): void {
    this.#state = state;
    this.#sequence = 0;
  }

  #add(byte: number): void {
    if (this.#length === MAX_LINE_BYTES) {
      this.#cut = true;
      return;
    }
    this.#line[this.#length] = byte;
    this.#length += 1;
    this.#onOpen(byte);
  }

  #end(byCr: boolean): void {
    // The LF of a CR LF belongs to the line that ended: it is not the first of the bytes after it.
    this.#endedByCr = byCr;
    if (this.#length === 0) return;
    const line = { text: this.open, cut: this.#cut };
    this.#forgetLine();
    this.#onLine(line);
  }
}
