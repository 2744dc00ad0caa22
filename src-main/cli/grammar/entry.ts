import type { CommandContext } from '../context.ts';

/** What a command does, once it is loaded; returns an exit code. */
export type Run = (context: CommandContext) => Promise<number>;

interface Named {
  readonly help: string;
  /** The few values that it may have; they are taken in any letter case. */
  readonly choices?: readonly string[];
  /** It names a file that is read or written (`-` is standard input or output), or a folder. */
  readonly file?: 'read' | 'write' | 'folder';
  readonly many?: true;
  readonly required?: true;
}

export interface Option extends Named {
  /** The word for what follows it; a switch has none. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
}

/** What stands beside the options. */
export interface Argument extends Named {
  readonly word: string;
}

export interface Example {
  /** What follows `birthmark`. */
  readonly line: string;
  readonly about?: string;
}

export interface CommandEntry {
  /** What is typed: a noun and a verb, or one of a few words that stand alone. */
  readonly name: string;
  readonly summary: string;
  readonly argument?: Argument;
  readonly options?: Readonly<Record<string, Option>>;
  /** It opens a signing session, or answers the token: `--pin-file` goes with it. */
  readonly pin?: true;
  /** It prints rows: `--format` and `--limit` go with it. */
  readonly rows?: true;
  /** It runs until Ctrl-C or SIGTERM, which is its good end. */
  readonly untilStopped?: true;
  /** It needs neither a station nor its data folder. */
  readonly alone?: true;
  readonly examples: readonly Example[];
  /** `result` of the JSON, in the notation of docs/cli.md. */
  readonly output: string;
  /** Null: the command line answers itself. */
  readonly load: (() => Promise<Run>) | null;
}

/** A noun, and what can be done with it. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandEntry[];
}
