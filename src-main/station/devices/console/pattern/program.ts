import { PatternError, type CharSet, type PatternNode } from './syntax.ts';

/** One step of the machine that matches. `split` prefers its first way. */
export type Instruction =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'match' };

export interface Program {
  readonly code: readonly Instruction[];
  /** Names of the groups that capture; group n is saved in slots 2n and 2n+1. */
  readonly groups: readonly string[];
}

/** Time to match a line grows with this times the line's length, and with nothing else. */
const MAX_INSTRUCTIONS = 3000;

/** @throws PatternError for a pattern that is too large. */
export function compileProgram(root: PatternNode): Program {
  const code: Instruction[] = [];
  const groups: string[] = [];
  const emit = <T extends Instruction>(instruction: T): T => {
    if (code.length >= MAX_INSTRUCTIONS) throw new PatternError(0, 'the pattern is too large: fewer or smaller counted repeats');
    code.push(instruction);
    return instruction;
  };

  const optional = (lazy: boolean, body: () => void): void => {
    const split = emit({ op: 'split', first: 0, second: 0 });
    const inside = code.length;
    body();
    [split.first, split.second] = lazy ? [code.length, inside] : [inside, code.length];
  };
  const repeat = ({ node, min, max, lazy }: Extract<PatternNode, { kind: 'repeat' }>): void => {
    if ((max > 1 || min === 0) && canBeEmpty(node))
      throw new PatternError(0, 'this pattern can blow up: it repeats something that can be empty, such as (a*)*');
    for (let count = 0; count < min; count++) add(node);
    if (max === Infinity) {
      const start = code.length;
      optional(lazy, () => {
        add(node);
        emit({ op: 'jump', to: start });
      });
    } else {
      // Each further one only within the one before it: a{2,4} is aa(a(a)?)?.
      const nested = (left: number): void => {
        if (left === 0) return;
        optional(lazy, () => {
          add(node);
          nested(left - 1);
        });
      };
      nested(max - min);
    }
  };
  const add = (node: PatternNode): void => {
    switch (node.kind) {
      case 'set':
        emit({ op: 'set', set: node.set });
        return;
      case 'sequence':
        node.nodes.forEach(add);
        return;
      case 'choice':
        choose(node.nodes);
        return;
      case 'repeat':
        repeat(node);
        return;
      case 'group':
        group(node);
    }
  };
  const choose = ([head, ...rest]: readonly PatternNode[]): void => {
    if (head === undefined) return;
    if (rest.length === 0) {
      add(head);
      return;
    }
    const split = emit({ op: 'split', first: 0, second: 0 });
    split.first = code.length;
    add(head);
    const jump = emit({ op: 'jump', to: 0 });
    split.second = code.length;
    choose(rest);
    jump.to = code.length;
  };
  const group = ({ node, name }: Extract<PatternNode, { kind: 'group' }>): void => {
    if (name === null) {
      add(node);
      return;
    }
    // A group within a counted repeat is the same group each time.
    const known = groups.indexOf(name);
    const index = known < 0 ? groups.push(name) - 1 : known;
    emit({ op: 'save', slot: 2 * index });
    add(node);
    emit({ op: 'save', slot: 2 * index + 1 });
  };

  add(root);
  emit({ op: 'match' });
  return { code, groups };
}

function canBeEmpty(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.nodes.every(canBeEmpty);
    case 'choice':
      return node.nodes.some(canBeEmpty);
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.node);
    case 'group':
      return canBeEmpty(node.node);
  }
}
