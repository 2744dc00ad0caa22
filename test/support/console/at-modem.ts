import { SimulatedConsole, type ConsoleFaults } from './simulator.ts';

export interface AtModemOptions extends ConsoleFaults {
  readonly imei?: string;
  /** ATE1: what is received is sent back (ITU-T V.250, 6.2.4). */
  readonly echo?: boolean;
}

/** A final result of an AT command: OK, ERROR, or an error of the mobile equipment (3GPP TS 27.007, 9.2). */
export class AtError extends Error {
  readonly code: number | null;
  constructor(code: number | null) {
    super(code === null ? 'ERROR' : `+CME ERROR: ${String(code)}`);
    this.code = code;
  }
}

/** What +CMEE=2 says instead of a number (3GPP TS 27.007, 9.2.1). */
const verbose: Readonly<Record<number, string>> = { 20: 'memory full' };

/**
 * The common part of modems that are spoken to in AT commands: ITU-T V.250 command lines, echo, +CMEE, identification, and raw data after a prompt.
 * A command line ends with CR, outside of a quoted string; LF is passed over.
 */
export abstract class AtModem extends SimulatedConsole {
  imei: string;
  protected echo: boolean;
  protected errors: 0 | 1 | 2 = 0;
  #line = '';
  #quoted = false;
  #data: { length: number; readonly taken: number[]; readonly done: (content: Buffer) => void } | null = null;

  constructor(options: AtModemOptions = {}) {
    super(options);
    this.imei = options.imei ?? '352656100367872';
    this.echo = options.echo ?? false;
  }

  protected override started(): void {
    this.#line = '';
    this.#quoted = false;
    this.#data = null;
    this.errors = 0;
  }

  /** Answers one command, without its `AT`: information lines, or an AtError; null: the result comes later. */
  protected abstract command(text: string): readonly string[] | null;

  /** V.250 verbose: every line has CR LF before and after it. */
  protected lines(...lines: readonly string[]): void {
    this.raw(lines.map((line) => `\r\n${line}\r\n`).join(''));
  }

  /** May command lines have line ends in quoted strings? */
  protected readonly multilineStrings: boolean = false;

  protected readData(length: number, done: (content: Buffer) => void): void {
    this.#data = { length, taken: [], done };
  }

  protected finish(work: () => readonly string[]): void {
    for (const line of this.faults.unsolicited ?? []) this.lines(line);
    if (this.faults.noise !== undefined) this.raw(this.faults.noise);
    try {
      this.lines(...work(), 'OK');
    } catch (thrown) {
      if (!(thrown instanceof AtError)) throw thrown;
      const text = this.errors === 2 ? verbose[thrown.code ?? 0] : undefined;
      this.lines(this.errors === 0 ? 'ERROR' : text === undefined ? thrown.message : `+CME ERROR: ${text}`);
    }
  }

  protected input(byte: number): void {
    if (this.#data !== null) {
      this.#data.taken.push(byte);
      if (this.#data.taken.length < this.#data.length) return;
      const { taken, done } = this.#data;
      this.#data = null;
      done(Buffer.from(taken));
      return;
    }
    const char = String.fromCharCode(byte);
    if (this.echo) this.raw(char);
    if (char === '"') this.#quoted = !this.#quoted;
    if (this.#quoted && this.multilineStrings) this.#line += char;
    else if (char === '\r') this.#execute();
    else if (char !== '\n') this.#line += char;
  }

  #execute(): void {
    const line = this.#line;
    this.#line = '';
    this.#quoted = false;
    if (line.trim() === '') return;
    const body = /^at(.*)$/isu.exec(line.trim())?.[1];
    let answer: readonly string[] | null;
    try {
      if (body === undefined) throw new AtError(null);
      answer = this.#basic(body) ?? this.command(body);
    } catch (thrown) {
      this.finish(() => {
        throw thrown as AtError;
      });
      return;
    }
    // Nothing yet: its result comes after the data.
    if (answer === null) return;
    const lines = answer;
    this.finish(() => lines);
  }

  #basic(body: string): readonly string[] | null {
    const echo = /^e([01]?)$/iu.exec(body);
    if (echo !== null) {
      this.echo = echo[1] === '1';
      return [];
    }
    const verbosity = /^\+cmee=([012])$/iu.exec(body);
    if (verbosity !== null) {
      this.errors = Number(verbosity[1]) as 0 | 1 | 2;
      return [];
    }
    if (body === '') return [];
    return /^\+cgsn$/iu.test(body) ? [this.imei] : null;
  }
}
