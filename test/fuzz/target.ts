import { Failure } from '../../src-main/contract/index.ts';
import type { Random } from './random.ts';

/**
 * Something that reads what others wrote. A new one is a file in `targets/` and a line in `targets/index.ts`; the command, the rounds in CI
 * and the corpus come with it.
 */
export interface FuzzTarget {
  readonly name: string;
  /** Right inputs, to begin with. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** A new input from one that is known; `others` to take parts from. `mutateDer`, `mutateText`, `mutateJson`, or one of its own. */
  readonly mutate: (random: Random, input: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;
  /** Feeds one input and says in a few words what became of it: new words make an input worth keeping. Throws for what must never happen. */
  readonly feed: (input: Uint8Array) => string | Promise<string>;
  /** Rounds in CI; 500 when absent. Fewer for what starts processes or makes signatures. */
  readonly rounds?: number;
  /** Puts away what `feed` started. */
  readonly close?: () => Promise<void>;
}

/** What must never happen, in the words of the promise that is broken. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** `read` either answers or refuses by one of the allowed codes; its words tell the refusals apart. Anything else that is thrown is a finding. */
export function refusedBy<T>(codes: RegExp, read: () => T, accepted: (value: T) => string): string {
  let value: T;
  try {
    value = read();
  } catch (thrown) {
    if (thrown instanceof Failure && codes.test(thrown.code)) return `${thrown.code} ${Object.values(thrown.params).join(' ')}`;
    throw thrown;
  }
  return accepted(value);
}
