import { Failure } from '../../contract/index.ts';
import { printable, redact } from './transcript.ts';

/** Enough to tell text from garbage; more than this is not looked at. */
const SAMPLE_BYTES = 2048;
/** Readable text has few characters that cannot be printed; random bytes have more than half. */
const TEXT_SHARE = 0.85;
/** Fewer bytes than this are a glitch at plugging in, not an answer. */
const GLITCH_BYTES = 4;

/** What has come back on a line so far; turns silence into the most exact failure that the bytes support. */
export class LineHealth {
  /** Good frames since the line was opened. */
  good = 0;
  damaged = 0;
  /** Our own frames, sent back by an echoing console. */
  echoed = 0;
  noiseBytes = 0;
  lastDamage = '';
  readonly #sample = Buffer.alloc(SAMPLE_BYTES);

  addNoise(bytes: Uint8Array): void {
    if (this.noiseBytes < SAMPLE_BYTES) this.#sample.set(bytes.subarray(0, SAMPLE_BYTES - this.noiseBytes), this.noiseBytes);
    this.noiseBytes += bytes.length;
  }

  addDamage(why: string): void {
    this.damaged += 1;
    this.lastDamage = why;
  }

  /** Why there was no answer within `ms`. Without evidence of anything else it is NO_RESPONSE. */
  explain(path: string, baud: number, ms: number): Failure {
    if (this.damaged > 0 && this.good > 0) return this.#corrupt();
    if (this.good > 0) return new Failure('NO_RESPONSE', { path, ms });
    if (this.echoed > 0) return new Failure('WRONG_PROTOCOL', { path }, 'what was sent came back: a console that echoes');
    if (this.noiseBytes >= GLITCH_BYTES) {
      if (!this.#looksLikeText()) return new Failure('WRONG_BAUD_SUSPECTED', { path, baud }, `${String(this.noiseBytes)} unreadable bytes`);
      if (this.damaged === 0) return new Failure('WRONG_PROTOCOL', { path }, this.#sampleText());
    }
    return this.damaged > 0 ? this.#corrupt() : new Failure('NO_RESPONSE', { path, ms });
  }

  #corrupt(): Failure {
    return new Failure('LINK_CORRUPT', { damaged: this.damaged }, `last damaged frame: ${this.lastDamage}`);
  }

  /** The first line or two that came, for support. */
  #sampleText(): string {
    return redact(printable(this.#sample.subarray(0, Math.min(this.noiseBytes, 160))));
  }

  #looksLikeText(): boolean {
    const text = this.#sample.toString('utf8', 0, Math.min(this.noiseBytes, SAMPLE_BYTES));
    let readable = 0;
    for (const char of text) if (isReadable(char)) readable += 1;
    return readable >= TEXT_SHARE * [...text].length;
  }
}

const isReadable = (char: string): boolean => /[\t\n\r\u001b]/u.test(char) || (char !== '\ufffd' && !/\p{C}/u.test(char));
