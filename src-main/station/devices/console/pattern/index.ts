import { blowUp } from './ambiguity.ts';
import { LineMatch } from './match.ts';
import { compileProgram, type Program } from './program.ts';
import { parsePattern, PatternError } from './syntax.ts';

export type { LineMatch } from './match.ts';
export { PatternError } from './syntax.ts';

const MAX_SOURCE_CHARS = 1000;

/** A regular expression over one whole line; matching takes time in proportion to the line, whatever the pattern. */
export class Pattern {
  readonly source: string;
  readonly #program: Program;

  private constructor(source: string, program: Program) {
    this.source = source;
    this.#program = program;
  }

  /** @throws PatternError when it is none, or can blow up. */
  static of(source: string): Pattern {
    if (source.length > MAX_SOURCE_CHARS) throw new PatternError(0, `a pattern has ${String(MAX_SOURCE_CHARS)} characters at most`);
    const program = compileProgram(parsePattern(source));
    const problem = blowUp(program);
    if (problem !== null) throw new PatternError(0, `this pattern can blow up: ${problem}`);
    return new Pattern(source, program);
  }

  /** Names of what it captures. */
  get names(): readonly string[] {
    return this.#program.groups;
  }

  /** The captures of a line that matches from its first to its last character, else null. */
  match(line: string): Readonly<Record<string, string>> | null {
    const match = this.begin();
    for (let index = 0; index < line.length; index++) if (!match.step(line.charCodeAt(index))) return null;
    return match.captures(line);
  }

  /** A match that is fed with characters as they come. */
  begin(): LineMatch {
    return new LineMatch(this.#program);
  }
}
