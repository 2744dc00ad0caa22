/** A pattern that is none, or that a profile may not use; `position` counts characters from 0. */
export class PatternError extends Error {
  readonly position: number;
  constructor(position: number, problem: string) {
    super(problem);
    this.name = 'PatternError';
    this.position = position;
  }
}

/** Inclusive ranges of UTF-16 code units, sorted, apart from each other. */
export type CharSet = readonly (readonly [number, number])[];

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly node: PatternNode; readonly name: string | null };

const MAX_CODE = 0xffff;
const MAX_COUNT = 1000;
const MAX_DEPTH = 32;
const digits: CharSet = [[0x30, 0x39]];
const word: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const space: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
];
const classes: Readonly<Record<string, CharSet>> = {
  d: digits,
  w: word,
  s: space,
  D: inverse(digits),
  W: inverse(word),
  S: inverse(space),
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/** Sorted, and joined where ranges touch. */
export function charSet(ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

export function inverse(set: CharSet): CharSet {
  const out: [number, number][] = [];
  let from = 0;
  for (const [low, high] of set) {
    if (low > from) out.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= MAX_CODE) out.push([from, MAX_CODE]);
  return out;
}

/**
 * The part of JavaScript’s regular expressions that profiles may use: characters, classes, groups (named ones capture), choices and repeats.
 * A pattern always stands for a whole line, so there are no anchors; what looks ahead, behind or back has no place in a line protocol.
 * @throws PatternError.
 */
export function parsePattern(source: string): PatternNode {
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #names = new Set<string>();
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternNode {
    const node = this.#choice(0);
    if (this.#at < this.#source.length) throw this.#problem('a ) without its (');
    return node;
  }

  #choice(depth: number): PatternNode {
    if (depth > MAX_DEPTH) throw this.#problem('groups are nested too deep');
    const nodes = [this.#sequence(depth)];
    while (this.#take('|')) nodes.push(this.#sequence(depth));
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: 'choice', nodes };
  }

  #sequence(depth: number): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') nodes.push(this.#repeated(this.#atom(depth)));
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: 'sequence', nodes };
  }

  #repeated(node: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === null) return node;
    const lazy = this.#take('?');
    if ('*+?{'.includes(this.#peek() || ' ') && this.#bounds() !== null)
      throw this.#problem('a repeat of a repeat; put the first into a group');
    return { kind: 'repeat', node, ...bounds, lazy };
  }

  #bounds(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(,(\d*))?\}/u.exec(this.#source.slice(this.#at));
    if (counted === null) return null;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === '' ? Infinity : Number(counted[3]);
    if (min > MAX_COUNT || (max !== Infinity && max > MAX_COUNT)) throw this.#problem(`more than ${String(MAX_COUNT)} repeats`);
    if (max < min) throw this.#problem('the repeat ends below where it begins');
    this.#at += counted[0].length;
    return { min, max };
  }

  #atom(depth: number): PatternNode {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group(depth);
      case '[':
        return { kind: 'set', set: this.#class() };
      case '.':
        return { kind: 'set', set: [[0, MAX_CODE]] };
      case '\\':
        return { kind: 'set', set: this.#escape() };
      case '^':
      case '$':
        throw this.#problem('a pattern stands for the whole line: leave out ^ and $, and write .* where the line may go on', -1);
      case '*':
      case '+':
      case '?':
        throw this.#problem('nothing to repeat', -1);
      case '{':
      case '}':
      case ']':
        throw this.#problem(`write \\${char} for the character itself`, -1);
      default:
        return { kind: 'set', set: single(char.charCodeAt(0)) };
    }
  }

  #group(depth: number): PatternNode {
    let name: string | null = null;
    if (this.#take('?') && !this.#take(':')) {
      const named = /^<([A-Za-z]\w{0,31})>/u.exec(this.#source.slice(this.#at));
      if (named?.[1] === undefined) throw this.#problem('only (?:…) and (?<name>…): no look-ahead or look-behind', -1);
      name = named[1];
      if (this.#names.has(name)) throw this.#problem(`the name ${name} stands here twice`);
      this.#names.add(name);
      this.#at += named[0].length;
    }
    const node = this.#choice(depth + 1);
    if (!this.#take(')')) throw this.#problem('a ( without its )');
    return { kind: 'group', node, name };
  }

  #class(): CharSet {
    const inverted = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take(']')) {
      const low = this.#classAtom();
      if (this.#peek() === '-' && this.#source[this.#at + 1] !== ']' && low.length === 1) {
        this.#at += 1;
        const high = this.#classAtom();
        const [from, to] = [low[0]?.[0] ?? 0, high[0]?.[1] ?? 0];
        if (high.length !== 1 || to < from) throw this.#problem('a range that ends below where it begins');
        ranges.push([from, to]);
      } else ranges.push(...low);
    }
    return inverted ? inverse(charSet(ranges)) : charSet(ranges);
  }

  #classAtom(): CharSet {
    const char = this.#next('a [ without its ]');
    return char === '\\' ? this.#escape() : single(char.charCodeAt(0));
  }

  #escape(): CharSet {
    const char = this.#next('a \\ at the end');
    const set = classes[char];
    if (set !== undefined) return set;
    const control = controls[char];
    if (control !== undefined) return single(control);
    if (char === 'x' || char === 'u') {
      const hex = (char === 'x' ? /^[0-9a-fA-F]{2}/u : /^[0-9a-fA-F]{4}/u).exec(this.#source.slice(this.#at))?.[0];
      if (hex === undefined) throw this.#problem(`\\${char} needs ${char === 'x' ? '2' : '4'} hex digits`);
      this.#at += hex.length;
      return single(Number.parseInt(hex, 16));
    }
    if (/[A-Za-z0-9]/u.test(char)) throw this.#problem(`\\${char} has no meaning here (no references back, no word borders)`, -1);
    return single(char.charCodeAt(0));
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #next(missing = 'the pattern ends too early'): string {
    const char = this.#source[this.#at];
    if (char === undefined) throw this.#problem(missing);
    this.#at += 1;
    return char;
  }

  #problem(problem: string, back = 0): PatternError {
    return new PatternError(Math.max(0, this.#at + back), problem);
  }
}

const single = (code: number): CharSet => [[code, code]];
