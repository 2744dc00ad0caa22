import { styleText } from 'node:util';
import { catalogue, exitCodes, explain, type Failure, type FailureData } from '../contract/index.ts';
import type { Format } from './grammar/formats.ts';

export interface OutputOptions {
  readonly format: Format;
  readonly quiet: boolean;
  /** Standard output is a file that the command writes: what it says in words goes to standard error. */
  readonly fileOnStandardOutput: boolean;
}

/** Where a command writes: its result on standard output, everything else on standard error. */
export class Output {
  readonly #options: OutputOptions;
  #result: object | null = null;
  #error: object | null = null;
  #printed = false;
  #progressShown = false;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get format(): Format {
    return this.#options.format;
  }

  get json(): boolean {
    return this.format === 'json';
  }

  /** The command’s result, once: the JSON is printed at the end, with the verdict; `text` at once where no JSON was asked for. */
  result(value: object, text: () => string): void {
    this.#result = value;
    if (this.json || this.format === 'json-lines') return;
    this.#clearProgress();
    if (this.#options.fileOnStandardOutput) this.note(text());
    else this.write(`${text()}\n`);
  }

  /** A result that is needed while the command goes on; only the exit code tells how it ended. */
  resultNow(value: object, text: () => string): void {
    this.result(value, text);
    this.#print('PENDING');
  }

  /** What the command printed line by line is its whole result; only a failure is still to be told. */
  printed(): void {
    this.#printed = true;
  }

  /** A piece of standard output, for rows that come one page after the other. */
  write(text: string): void {
    process.stdout.write(text);
  }

  note(line: string): void {
    if (!this.#options.quiet) this.prompt(line);
  }

  /** What a person must have read before they answer a question. */
  prompt(line: string): void {
    this.#clearProgress();
    process.stderr.write(`${line}\n`);
  }

  /** How far it is, on a terminal alone: one line, which the next one replaces. */
  progress(line: string): void {
    if (this.#options.quiet || !process.stderr.isTTY) return;
    this.#clearProgress();
    process.stderr.write(line.slice(0, process.stderr.columns - 1));
    this.#progressShown = true;
  }

  /** Tells a failure the way the screens do, and gives its exit code. */
  failure(failure: FailureData): number {
    const words = explain(failure.code, failure.params);
    this.#error ??= { ...failure, ...words };
    this.explain(failure);
    return exitCodes[catalogue[failure.code].exit];
  }

  /** The words of a failure that is part of the result. */
  explain(failure: FailureData): void {
    const { title, what, steps, who } = explain(failure.code, failure.params);
    this.#clearProgress();
    const lines = [
      styleText('bold', title, { stream: process.stderr }),
      `  ${what}`,
      ...steps.map((step) => `  → ${step}`),
      `  who: ${who} · code: ${failure.code}${failure.detail === undefined ? '' : ` · ${failure.detail}`}`,
    ];
    process.stderr.write(`${lines.join('\n')}\n`);
  }

  /** Of a result that is not in force yet: its reason and its exit code; else OK. */
  promised(pending: Failure | null): number {
    return pending === null ? exitCodes.OK : this.failure(pending.toData());
  }

  /** Prints the JSON, where it was asked for. */
  finish(exitCode: number): void {
    this.#clearProgress();
    // Of rows one a line only the failure is still to be told.
    if (this.json || (this.format === 'json-lines' && this.#error !== null)) this.#print(verdictOf(exitCode));
  }

  #print(verdict: 'PASS' | 'FAIL' | 'PENDING'): void {
    if (this.#printed || this.format === 'table' || this.format === 'csv') return;
    this.#printed = true;
    this.write(`${JSON.stringify({ verdict, result: this.#result, error: this.#error })}\n`);
  }

  #clearProgress(): void {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    process.stderr.write('\r\u001B[K');
  }
}

function verdictOf(exitCode: number): 'PASS' | 'FAIL' | 'PENDING' {
  if (exitCode === exitCodes.OK) return 'PASS';
  return exitCode === exitCodes.PENDING ? 'PENDING' : 'FAIL';
}

/** What a unit calls itself is anybody's text: no control character of it reaches the terminal. */
const printable = (cell: string): string => cell.replace(/\p{Cc}/gu, '�');

const colours: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  PASS: 'green',
  ACTIVE: 'green',
  EFFECTIVE: 'green',
  up: 'green',
  FAIL: 'red',
  REVOKED: 'red',
  NOT_VERIFIED: 'yellow',
  PENDING: 'yellow',
  away: 'yellow',
};
/** On a terminal alone, and not where NO_COLOR is set. */
const painted = (style: 'bold' | 'green' | 'red' | 'yellow', text: string): string => styleText(style, text, { stream: process.stdout });

/** Left-aligned columns; the last one is not padded. */
export function table(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = head.map((title, column) => rows.reduce((most, row) => Math.max(most, (row[column] ?? '').length), title.length));
  const line = (row: readonly string[], paint: (padded: string, cell: string) => string): string =>
    row.map((cell, column) => paint(column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0), cell)).join('  ');
  const coloured = (padded: string, cell: string): string => {
    const colour = colours[cell];
    return colour === undefined ? padded : painted(colour, padded);
  };
  return [line(head, (padded) => painted('bold', padded)), ...rows.map((row) => line(row, coloured))].join('\n');
}

/** Names and values, one a line. */
export const facts = (rows: readonly (readonly [name: string, value: string])[]): string =>
  table(['', ''], rows).split('\n').slice(1).join('\n');
