import { instant, systemClock } from '../clock.ts';
import type { TranscriptLine } from './driver.ts';

/** Device logs in a transcript: this many lines of this length, whatever the unit sends. */
const LOG_LINES = 50;
const LOG_CHARS = 200;
/** Of a dialogue in lines: what a unit says between two things that it is told; far more than any answer has. */
const ANSWER_LINES = 200;

/** What was said on a line, readable, with every byte string replaced by its length. */
export class Transcript {
  readonly #listener: (line: TranscriptLine) => void;
  #logLines = 0;
  #answerLines = 0;

  constructor(listener: (line: TranscriptLine) => void = () => undefined) {
    this.#listener = listener;
  }

  sent(command: string, body: Readonly<Record<string, unknown>>): void {
    this.#add('to-unit', `${command} ${describe(body)}`.trim());
  }

  received(command: string, body: Readonly<Record<string, unknown>>): void {
    this.#add('from-unit', `${command} ${describe(body)}`.trim());
  }

  note(text: string): void {
    this.#add('note', text);
  }

  /** A line of a dialogue in text, from which its caller has taken everything secret. `part`: a prompt, or bytes in base64. */
  line(direction: 'to-unit' | 'from-unit', text: string, part?: TranscriptLine['part']): void {
    this.#answerLines = direction === 'to-unit' ? 0 : this.#answerLines + 1;
    if (this.#answerLines > ANSWER_LINES) {
      if (this.#answerLines === ANSWER_LINES + 1) this.note('more lines came; they are not kept');
      return;
    }
    this.#add(direction, part === undefined ? transcriptSent(text) : escaped(text), part);
  }

  /** Bytes outside of the protocol: log lines of the unit, or noise. */
  log(bytes: Uint8Array): void {
    if (this.#logLines > LOG_LINES) return;
    const text = printable(bytes.subarray(0, LOG_CHARS));
    if (text === '') return;
    this.#logLines += 1;
    if (this.#logLines > LOG_LINES) this.note('more log text came; it is not kept');
    else this.#add('from-unit', `log: ${redact(text)}`);
  }

  #add(direction: TranscriptLine['direction'], text: string, part?: TranscriptLine['part']): void {
    this.#listener({ at: instant(systemClock.now()), direction, text, ...(part === undefined ? {} : { part }) });
  }
}

function describe(body: Readonly<Record<string, unknown>>): string {
  return Object.entries(body)
    .map(([key, value]) => `${key}=${value instanceof Uint8Array ? `‹${String(value.length)} bytes›` : describeValue(value)}`)
    .join(' ');
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return printable(Buffer.from(value.slice(0, LOG_CHARS)));
  if (Array.isArray(value)) return `[${value.map(describeValue).join(', ')}]`;
  if (value instanceof Map) return `{${describe(Object.fromEntries(value) as Record<string, unknown>)}}`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '…';
}

/** PEM blocks, and runs of hex or base64 that are long enough to be a key. */
export function redact(text: string): string {
  return text.replace(/-----BEGIN [\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/gu, '‹redacted›').replace(/[A-Za-z0-9+/_=-]{32,}/gu, '‹redacted›');
}

/** A line of a dialogue as the transcript has it: without what ends it. */
export const transcriptSent = (text: string): string => escaped(text).replace(/(?:\\[rn])+$/u, '');

/** Text as one line, so that every character can be told: what cannot be printed as JavaScript would write it. */
const escaped = (text: string): string =>
  text.replace(
    /\p{C}/gu,
    (char) => ({ '\r': '\\r', '\n': '\\n', '\t': '\t' })[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Bytes as one line of text: what cannot be printed becomes a dot. */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n/gu, ' ⏎ ')
    .replace(/\p{C}|\ufffd/gu, '.');
  return text.replace(/^(?: ⏎ |\s)+|(?: ⏎ |\s)+$/gu, '');
}
