import { Pattern, type LineMatch } from './pattern/index.ts';
import type { Expect, ProfileError, ProfileFailure } from './steps.ts';

export interface ErrorBranch {
  readonly pattern: Pattern;
  readonly failure: ProfileFailure;
  readonly item: string | undefined;
  readonly says: string | undefined;
}

type LineCapture =
  | { readonly kind: 'line'; readonly pattern: Pattern; readonly optional: boolean }
  | { readonly kind: 'block'; readonly begin: Pattern; readonly end: Pattern; readonly as: string; readonly optional: boolean }
  | { readonly kind: 'bytes'; readonly after: Pattern; readonly bytes: number; readonly as: string };

/** What ended a wait. */
export type Outcome =
  | { readonly kind: 'ok'; readonly captured: ReadonlyMap<string, string | Buffer>; readonly missing: readonly string[] }
  | { readonly kind: 'error'; readonly branch: ErrorBranch; readonly line: string };

/** What a line was to the wait: its end, something it asked for, the begin of bytes to be read, or nothing. */
export type Step =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'taken' }
  | { readonly kind: 'bytes'; readonly bytes: number; readonly take: (bytes: Buffer) => void }
  | { readonly kind: 'passed' };

interface OpenBlock {
  readonly capture: Extract<LineCapture, { kind: 'block' }>;
  text: string;
}

/** Lines of a block that is captured; more than a certificate chain has. */
const MAX_BLOCK_CHARS = 64 * 1024;

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

export const errorBranch = (error: ProfileError): ErrorBranch =>
  typeof error === 'string'
    ? { pattern: Pattern.of(error), failure: 'DEVICE_REFUSED', item: undefined, says: undefined }
    : { pattern: Pattern.of(error.match), failure: error.failure, item: error.item, says: error.says };

/** One wait for an answer, fed with lines: pure, without a clock. What is captured stands in a map only when the wait ended well. */
export class Expectation {
  readonly #ok: readonly Pattern[];
  readonly #prompts: readonly Pattern[];
  readonly #errors: readonly ErrorBranch[];
  readonly #captures: readonly LineCapture[];
  readonly #captured = new Map<string, string | Buffer>();
  readonly #seen = new Set<LineCapture>();
  #open: LineMatch[];
  #block: OpenBlock | null = null;

  /** `bytesOf`: how many bytes a capture’s template asks for. */
  constructor(spec: Expect, common: readonly ErrorBranch[], bytesOf: (template: string) => number) {
    this.#ok = listOf(spec.ok).map((source) => Pattern.of(source));
    this.#prompts = listOf(spec.prompt).map((source) => Pattern.of(source));
    this.#open = this.#prompts.map((pattern) => pattern.begin());
    this.#errors = [...(spec.errors ?? []).map(errorBranch), ...common];
    this.#captures = spec.captures.map((capture): LineCapture => {
      if ('match' in capture) return { kind: 'line', pattern: Pattern.of(capture.match), optional: capture.optional };
      if ('begin' in capture)
        return {
          kind: 'block',
          begin: Pattern.of(capture.begin),
          end: Pattern.of(capture.end),
          as: capture.as,
          optional: capture.optional,
        };
      return { kind: 'bytes', after: Pattern.of(capture.after), bytes: bytesOf(capture.bytes), as: capture.as };
    });
  }

  line(text: string): Step {
    if (this.#block !== null) return this.#ended(this.#inBlock(this.#block, text));
    for (const capture of this.#captures) {
      const step = this.#seen.has(capture) ? null : this.#capture(capture, text);
      if (step !== null) return this.#ended(step);
    }
    return this.#end(this.#ok, text) ?? this.#error(text) ?? { kind: 'passed' };
  }

  /** The next byte of a line that has not ended; true: it is the prompt that is waited for. */
  openByte(byte: number): boolean {
    if (this.#open.length === 0 || this.#block !== null) return false;
    this.#open = this.#open.filter((match) => match.step(byte));
    return this.#open.some((match) => match.accepts);
  }

  /** The wait has ended with this prompt. */
  prompted(text: string): Outcome | null {
    const step = this.#end(this.#prompts, text);
    return step?.kind === 'ended' ? step.outcome : null;
  }

  /** A line has ended, or the wait begins: what comes now may be a prompt. */
  startLine(): void {
    this.#open = this.#prompts.map((pattern) => pattern.begin());
  }

  /** A wait that names no end has ended when everything is there that it is to capture. */
  get complete(): Outcome | null {
    if (this.#ok.length > 0 || this.#prompts.length > 0 || this.#missing().length > 0) return null;
    return { kind: 'ok', captured: this.#complete(), missing: [] };
  }

  #ended(step: Step): Step {
    const outcome = step.kind === 'bytes' ? null : this.complete;
    return outcome === null ? step : { kind: 'ended', outcome };
  }

  #end(patterns: readonly Pattern[], text: string): Step | null {
    for (const pattern of patterns) {
      const groups = pattern.match(text);
      if (groups === null) continue;
      this.#keep(pattern, groups);
      return { kind: 'ended', outcome: { kind: 'ok', captured: this.#complete(), missing: this.#missing() } };
    }
    return null;
  }

  #error(text: string): Step | null {
    const branch = this.#errors.find(({ pattern }) => pattern.match(text) !== null);
    return branch === undefined ? null : { kind: 'ended', outcome: { kind: 'error', branch, line: text } };
  }

  #capture(capture: LineCapture, text: string): Step | null {
    switch (capture.kind) {
      case 'line': {
        const groups = capture.pattern.match(text);
        if (groups === null) return null;
        this.#seen.add(capture);
        this.#keep(capture.pattern, groups);
        return { kind: 'taken' };
      }
      case 'block':
        if (capture.begin.match(text) === null) return null;
        this.#block = { capture, text: `${text}\n` };
        return { kind: 'taken' };
      case 'bytes':
        if (capture.after.match(text) === null) return null;
        return {
          kind: 'bytes',
          bytes: capture.bytes,
          take: (bytes) => {
            this.#seen.add(capture);
            this.#captured.set(capture.as, bytes);
          },
        };
    }
  }

  #inBlock(block: OpenBlock, text: string): Step {
    const ended = block.capture.end.match(text) !== null;
    if (block.text.length + text.length < MAX_BLOCK_CHARS) block.text += `${text}\n`;
    if (ended) {
      this.#seen.add(block.capture);
      this.#captured.set(block.capture.as, block.text);
      this.#block = null;
    }
    return { kind: 'taken' };
  }

  #keep(pattern: Pattern, groups: Readonly<Record<string, string>>): void {
    for (const name of pattern.names) this.#captured.set(name, groups[name] ?? '');
  }

  /** What may be missing is empty. */
  #complete(): ReadonlyMap<string, string | Buffer> {
    for (const capture of this.#captures) {
      if (this.#seen.has(capture)) continue;
      if (capture.kind === 'line') for (const name of capture.pattern.names) this.#captured.set(name, '');
      else this.#captured.set(capture.as, '');
    }
    for (const pattern of [...this.#ok, ...this.#prompts])
      for (const name of pattern.names) if (!this.#captured.has(name)) this.#captured.set(name, '');
    return this.#captured;
  }

  #missing(): string[] {
    return this.#captures
      .filter((capture) => !this.#seen.has(capture) && !(capture.kind !== 'bytes' && capture.optional))
      .map((capture) =>
        capture.kind === 'line' ? capture.pattern.source : capture.kind === 'block' ? capture.begin.source : capture.after.source,
      );
  }
}
