import type { Program } from './program.ts';
import type { CharSet } from './syntax.ts';

interface Thread {
  readonly at: number;
  readonly saved: readonly number[];
}

/**
 * Matches a line character by character in time proportional to its length (Thompson’s construction as Pike’s machine: all ways are followed at once, none is
 * tried again), with the captures that JavaScript’s own matcher would give.
 */
export class LineMatch {
  readonly #program: Program;
  readonly #marks: Int32Array;
  #threads: readonly Thread[];
  #position = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#marks = new Int32Array(program.code.length).fill(-1);
    const threads: Thread[] = [];
    this.#follow(0, [], threads);
    this.#threads = threads;
  }

  /** Takes the next character; false: no line that goes on from here matches. */
  step(char: number): boolean {
    if (this.#threads.length === 0) return false;
    this.#position += 1;
    const next: Thread[] = [];
    for (const { at, saved } of this.#threads) {
      const instruction = this.#program.code[at];
      if (instruction?.op === 'set' && contains(instruction.set, char)) this.#follow(at + 1, saved, next);
    }
    this.#threads = next;
    return next.length > 0;
  }

  /** The line matches if it ends here. */
  get accepts(): boolean {
    return this.#won !== undefined;
  }

  captures(line: string): Record<string, string> | null {
    const won = this.#won;
    if (won === undefined) return null;
    const captures: Record<string, string> = {};
    this.#program.groups.forEach((name, group) => {
      const [from, to] = [won.saved[2 * group], won.saved[2 * group + 1]];
      if (from !== undefined && to !== undefined && to >= from) captures[name] = line.slice(from, to);
    });
    return captures;
  }

  get #won(): Thread | undefined {
    return this.#threads.find(({ at }) => this.#program.code[at]?.op === 'match');
  }

  /** All instructions that take a character or match, reachable from `start` without taking one, in order of preference. */
  #follow(start: number, saved: readonly number[], into: Thread[]): void {
    const waiting: Thread[] = [{ at: start, saved }];
    for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
      const { at } = thread;
      if (this.#marks[at] === this.#position) continue;
      this.#marks[at] = this.#position;
      const instruction = this.#program.code[at];
      switch (instruction?.op) {
        case 'jump':
          waiting.push({ at: instruction.to, saved: thread.saved });
          break;
        case 'split':
          waiting.push({ at: instruction.second, saved: thread.saved }, { at: instruction.first, saved: thread.saved });
          break;
        case 'save': {
          const slots = [...thread.saved];
          slots[instruction.slot] = this.#position;
          waiting.push({ at: at + 1, saved: slots });
          break;
        }
        case 'set':
        case 'match':
          into.push(thread);
          break;
        case undefined:
      }
    }
  }
}

function contains(set: CharSet, char: number): boolean {
  for (const [low, high] of set) {
    if (char < low) return false;
    if (char <= high) return true;
  }
  return false;
}
