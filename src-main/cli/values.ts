import { Failure } from '../contract/index.ts';

type Given = string | true | readonly string[];

/** What a person typed after a command’s name, checked against the table of commands. */
export class Values {
  /** What stands beside the options, in order. */
  readonly words: readonly string[];
  readonly #given: ReadonlyMap<string, Given>;
  readonly #known: ReadonlySet<string>;

  constructor(given: ReadonlyMap<string, Given>, words: readonly string[], known: ReadonlySet<string>) {
    this.#given = given;
    this.words = words;
    this.#known = known;
  }

  /** The first word beside the options; the table says where there must be one. */
  get word(): string {
    return this.words[0] ?? '';
  }

  text(name: string): string | undefined {
    const value = this.#look(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Of an option that the table requires. */
  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new Error(`the table does not require --${name}`);
    return value;
  }

  /** Of an option that not every command has. */
  optional(name: string): string | undefined {
    return this.#known.has(name) ? this.text(name) : undefined;
  }

  flag(name: string): boolean {
    return this.#look(name) === true;
  }

  list(name: string): readonly string[] {
    const value = this.#look(name);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  has(name: string): boolean {
    return this.#look(name) !== undefined;
  }

  /** A whole number within bounds; INVALID_INPUT names the option. */
  number(name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
    const text = this.text(name);
    return text === undefined ? fallback : wholeNumber(`--${name}`, text, { min, max });
  }

  #look(name: string): Given | undefined {
    if (!this.#known.has(name)) throw new Error(`the command has no option --${name}`);
    return this.#given.get(name);
  }
}

export function wholeNumber(field: string, text: string, { min, max }: { min: number; max: number }): number {
  const number = Number(text);
  if (!/^\d+$/u.test(text) || number < min || number > max)
    throw new Failure('INVALID_INPUT', { field, problem: `must be a whole number from ${String(min)} to ${String(max)}` });
  return number;
}

/** The value of an option that has only a few, under its name; empty without it. */
export function oneOf<N extends string, T extends string>(values: Values, name: N, options: readonly T[]): { readonly [K in N]?: T } {
  const text = values.text(name);
  const found = options.find((option) => option === text);
  return found === undefined ? {} : ({ [name]: found } as { readonly [K in N]?: T });
}

/** HOST:PORT, with an IPv6 address in brackets. INVALID_INPUT names the option. */
export function address(field: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/u.exec(text);
  if (match === null || Number(match[3]) > 65535) throw new Failure('INVALID_INPUT', { field, problem: `"${text}" is not HOST:PORT` });
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}
