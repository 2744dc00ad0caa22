import type { Random } from '../random.ts';
import { mutateBytes } from './bytes.ts';

/** An element as it will be written: with parts, or with plain content. */
interface Node {
  tag: number;
  /** Octets before the parts: the count of unused bits where a BIT STRING holds DER. */
  prefix: Buffer;
  parts: Node[] | null;
  content: Buffer;
  length: 'right' | 'long' | 'endless' | 'wrong';
}

/** Takes an encoding apart and puts it together again with something changed: mostly what parsers meet behind a right length. */
export function mutateDer(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const roots = readAll(Buffer.from(input));
  if (roots === null || random.chance(0.1)) return mutateBytes(random, input);
  for (let changes = 1 + random.below(3); changes > 0; changes--) change(random, roots, others);
  const bytes = Buffer.concat(roots.map(write));
  return random.chance(0.05) ? mutateBytes(random, bytes) : bytes;
}

/** The elements that fill the bytes, with what is inside of strings where that is DER too; null when they are none. */
function readAll(bytes: Buffer, depth = 0): Node[] | null {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0] = [bytes[at], bytes[at + 1]];
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (at + 2 > bytes.length || count > 4 || (first >= 0x80 && count === 0) || at + 2 + count > bytes.length) return null;
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    if (start + length > bytes.length) return null;
    nodes.push(node(tag, bytes.subarray(start, start + length), depth));
    at = start + length;
  }
  return nodes;
}

function node(tag: number, content: Buffer, depth: number): Node {
  const prefix = tag === 0x03 ? content.subarray(0, 1) : Buffer.alloc(0);
  const inside = content.subarray(prefix.length);
  const mayHold = (tag & 0x20) !== 0 || ((tag === 0x04 || tag === 0x03) && inside.length > 1);
  const parts = mayHold && depth < 24 ? readAll(inside, depth + 1) : null;
  return { tag, prefix, parts, content: Buffer.from(content), length: 'right' };
}

function write(one: Node): Buffer {
  const content = one.parts === null ? one.content : Buffer.concat([one.prefix, ...one.parts.map(write)]);
  return Buffer.concat([
    Buffer.from([one.tag]),
    lengthOf(one, content.length),
    content,
    one.length === 'endless' ? Buffer.alloc(2) : Buffer.alloc(0),
  ]);
}

function lengthOf({ length: form }: Node, length: number): Buffer {
  if (form === 'endless') return Buffer.from([0x80]);
  if (form === 'wrong') return Buffer.from([0x84, 0x7f, 0xff, 0xff, length & 0xff]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  if (form === 'long') return Buffer.from([0x81 + octets.length, 0, ...octets]);
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x80 | octets.length, ...octets]);
}

const each = (nodes: readonly Node[]): Node[] => nodes.flatMap((one) => [one, ...each(one.parts ?? [])]);
const copy = (one: Node): Node => ({ ...one, parts: one.parts?.map(copy) ?? null });

const tags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x82, 0x86, 0xa0, 0xa1, 0xa3, 0x1f,
  0x3f,
];
const contents = [
  '',
  '00',
  '01',
  'ff',
  '7f',
  '80',
  '0080',
  '00ff',
  '8000',
  'ffff',
  '0100000000',
  'ffffffffffffffff',
  '2a',
  '2a8648ce3d0301',
  '3030',
];

function change(random: Random, roots: Node[], others: readonly Uint8Array[]): void {
  const all = each(roots);
  if (all.length === 0) return;
  const one = random.pick(all);
  const siblings = all.map(({ parts }) => parts).find((parts) => parts?.includes(one) === true) ?? roots;
  const at = siblings.indexOf(one);
  switch (random.below(12)) {
    case 0:
      siblings.splice(at, 1);
      return;
    case 1:
      siblings.splice(at, 0, copy(one));
      return;
    case 2:
      siblings.splice(random.below(siblings.length), 0, ...siblings.splice(at, 1));
      return;
    case 3:
      one.tag = random.chance(0.7) ? random.pick(tags) : random.below(256);
      return;
    case 4:
      one.length = random.pick(['long', 'endless', 'wrong']);
      return;
    case 5: {
      const foreign = each(readAll(Buffer.from(random.pick(others))) ?? []);
      if (foreign.length > 0) siblings.splice(at, random.below(2), copy(random.pick(foreign)));
      return;
    }
    case 6:
      for (let depth = random.chance(0.1) ? 200 : 1 + random.below(4); depth > 0; depth--)
        siblings[at] = {
          tag: random.pick([0x30, 0x31, 0xa0, 0x04]),
          prefix: Buffer.alloc(0),
          parts: [siblings[at] ?? one],
          content: Buffer.alloc(0),
          length: 'right',
        };
      return;
    case 7:
      siblings.splice(at, 0, ...Array.from({ length: random.below(random.chance(0.1) ? 400 : 6) }, () => copy(one)));
      return;
    default:
      one.content = newContent(random, one.parts === null ? one.content : write(one));
      one.parts = null;
  }
}

function newContent(random: Random, content: Buffer): Buffer {
  if (random.chance(0.4)) return Buffer.from(random.pick(contents), 'hex');
  if (random.chance(0.1)) return random.bytes(random.below(600));
  const changed = Buffer.from(mutateBytes(random, content));
  return random.chance(0.3) && changed.length > 0 ? changed.fill(changed[0] ?? 0, 1) : changed;
}
