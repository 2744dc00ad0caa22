import type { Program } from './program.ts';
import type { CharSet } from './syntax.ts';

/**
 * Whether a matcher that tries one way after the other can take very long with this pattern (Weber and Seidl’s criteria): exponentially, when a part that
 * repeats can read the same text in two ways; or with a high power of the length, when several repeats in a row can share one text in many ways. Our own
 * matcher does not care, but such a pattern hardly ever says what its author means. Null: neither.
 */
export function blowUp(program: Program): string | null {
  const graph = graphOf(program);
  const loops = loopsOf(graph);
  if (loops.some((loop) => loop.length > MAX_LOOP)) return 'a part that repeats is too large to be judged';
  if (loops.some((loop) => isAmbiguous(graph, loop)))
    return 'a part that repeats can read the same text in more than one way, such as (a+)+';
  const power = longestChain(graph, loops);
  return power > MAX_POWER ? `${String(power)} repeats in a row can share one text, such as .*.*.*.*` : null;
}

const MAX_LOOP = 150;
/** `.*a.*b.*` is what people write for “a and then b”. */
const MAX_POWER = 3;

/** What may follow each place that reads a character: places, and in how many ways (2 stands for more). */
interface Graph {
  readonly places: readonly number[];
  readonly sets: ReadonlyMap<number, CharSet>;
  readonly next: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

function graphOf({ code }: Program): Graph {
  const ways = new Map<number, Map<number, number>>();
  const sets = new Map<number, CharSet>();
  /** Ways from an instruction to places that read. Nothing comes back to itself without reading: what repeats is never empty. */
  const reach = (at: number): Map<number, number> => {
    const known = ways.get(at);
    if (known !== undefined) return known;
    const instruction = code[at];
    const found = new Map<number, number>();
    const targets =
      instruction?.op === 'split' ? [instruction.first, instruction.second] : instruction?.op === 'jump' ? [instruction.to] : [at + 1];
    if (instruction?.op === 'set') found.set(at, 1);
    else if (instruction !== undefined && instruction.op !== 'match')
      for (const target of targets)
        for (const [place, count] of reach(target)) found.set(place, Math.min(2, (found.get(place) ?? 0) + count));
    ways.set(at, found);
    return found;
  };
  const next = new Map<number, ReadonlyMap<number, number>>();
  for (const [at, instruction] of code.entries()) {
    if (instruction.op !== 'set') continue;
    sets.set(at, instruction.set);
    next.set(at, reach(at + 1));
  }
  return { places: [...sets.keys()], sets, next };
}

const following = (graph: Graph, place: number): Iterable<number> => graph.next.get(place)?.keys() ?? [];

function meet(graph: Graph, ...places: readonly number[]): boolean {
  let common = graph.sets.get(places[0] ?? 0) ?? [];
  for (const place of places.slice(1)) common = intersection(common, graph.sets.get(place) ?? []);
  return common.length > 0;
}

function intersection(a: CharSet, b: CharSet): CharSet {
  const out: [number, number][] = [];
  for (const [low, high] of a) {
    for (const [from, to] of b) if (Math.max(low, from) <= Math.min(high, to)) out.push([Math.max(low, from), Math.min(high, to)]);
  }
  return out;
}

/** Everything reachable in one step or more. */
function reachable<T>(starts: Iterable<T>, key: (node: T) => string, step: (node: T) => Iterable<T>): Map<string, T> {
  const seen = new Map<string, T>();
  const waiting = [...starts];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
    for (const after of step(node)) {
      if (seen.has(key(after))) continue;
      seen.set(key(after), after);
      waiting.push(after);
    }
  return seen;
}

const reachableFrom = (graph: Graph, place: number): Set<number> =>
  new Set(reachable([place], String, (at) => following(graph, at)).values());

/** Groups of places that can all come back to each other. */
function loopsOf(graph: Graph): number[][] {
  const from = new Map(graph.places.map((place) => [place, reachableFrom(graph, place)]));
  const loops: number[][] = [];
  const done = new Set<number>();
  for (const place of graph.places) {
    if (done.has(place) || from.get(place)?.has(place) !== true) continue;
    const loop = [...(from.get(place) ?? [])].filter((other) => from.get(other)?.has(place) === true);
    for (const member of loop) done.add(member);
    loops.push(loop);
  }
  return loops;
}

type Pair = readonly [number, number];
const pairKey = ([a, b]: Pair): string => `${String(a)} ${String(b)}`;

/** Two different ways from a place of the loop back to it, over one text. */
function isAmbiguous(graph: Graph, loop: readonly number[]): boolean {
  const inside = new Set(loop);
  if (loop.some((place) => [...(graph.next.get(place) ?? [])].some(([after, ways]) => ways > 1 && inside.has(after)))) return true;
  const step = ([a, b]: Pair): Pair[] => {
    const pairs: Pair[] = [];
    for (const x of following(graph, a))
      for (const y of following(graph, b)) if (inside.has(x) && inside.has(y) && meet(graph, x, y)) pairs.push([x, y]);
    return pairs;
  };
  const same = loop.map((place): Pair => [place, place]);
  const split = [...reachable(same, pairKey, step).values()].filter(([a, b]) => a !== b);
  return split.some((pair) => [...reachable([pair], pairKey, step).values()].some(([a, b]) => a === b));
}

type Triple = readonly [number, number, number];

/** One text that leads around the first loop, from the first loop to the second, and around the second. */
function canShare(graph: Graph, first: readonly number[], second: readonly number[]): boolean {
  const [head, tail] = [new Set(first), new Set(second)];
  const step = ([a, b, c]: Triple): Triple[] => {
    const triples: Triple[] = [];
    for (const x of following(graph, a)) {
      if (!head.has(x)) continue;
      for (const z of following(graph, c)) {
        if (!tail.has(z) || !meet(graph, x, z)) continue;
        for (const y of following(graph, b)) if (meet(graph, x, y, z)) triples.push([x, y, z]);
      }
    }
    return triples;
  };
  return first.some((p) => second.some((q) => reachable<Triple>([[p, p, q]], (triple) => triple.join(' '), step).has([p, q, q].join(' '))));
}

function longestChain(graph: Graph, loops: readonly (readonly number[])[]): number {
  // Loops stand in the order of the pattern: a later one never leads back to an earlier one.
  const lengths: number[] = [];
  loops.forEach((loop, index) => {
    let longest = 0;
    for (let before = 0; before < index; before++) {
      const earlier = loops[before] ?? [];
      const length = lengths[before] ?? 0;
      if (length > longest && reachableFrom(graph, earlier[0] ?? -1).has(loop[0] ?? -1) && canShare(graph, earlier, loop)) longest = length;
    }
    lengths.push(longest + 1);
  });
  return Math.max(0, ...lengths);
}
