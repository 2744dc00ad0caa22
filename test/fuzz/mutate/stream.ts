import type { Random } from '../random.ts';

const longest = 100_000;

/**
 * What a serial line delivers, damaged as lines are: bytes lost, doubled, changed or made up, parts of other streams in between. `words` are bytes that mean
 * something in the protocol.
 */
export const mutateStream =
  (words: readonly Uint8Array[]) =>
  (random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array => {
    let bytes = Buffer.from(input);
    for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changed(random, bytes, words, others);
    return bytes.subarray(0, longest);
  };

function changed(random: Random, bytes: Buffer, words: readonly Uint8Array[], others: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const splice = (drop: number, put: Uint8Array): Buffer<ArrayBuffer> =>
    Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
  switch (random.below(7)) {
    case 0:
      return splice(1, Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return splice(random.below(8), Buffer.alloc(0));
    case 2:
      return splice(0, bytes.subarray(at, at + 1 + random.below(60)));
    case 3:
      return splice(random.below(3), random.pick(words));
    case 4: {
      const other = Buffer.from(random.pick(others));
      const from = random.below(other.length + 1);
      return splice(random.below(4), other.subarray(from, from + 1 + random.below(200)));
    }
    case 5:
      return splice(0, random.chance(0.1) ? Buffer.alloc(20_000, random.bytes(1)) : random.bytes(random.below(20)));
    default:
      return Buffer.from(bytes.subarray(0, at));
  }
}
