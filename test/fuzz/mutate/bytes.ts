import type { Random } from '../random.ts';

/** Cuts, inserts and overwrites a few bytes, wherever they are. */
export function mutateBytes(random: Random, input: Uint8Array): Uint8Array {
  let bytes = Buffer.from(input);
  for (let edits = 1 + random.below(4); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const insert = random.chance(0.5)
      ? random.bytes(random.below(5))
      : Buffer.alloc(random.below(5), random.pick([0x00, 0x30, 0x7f, 0x80, 0xff]));
    bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + random.below(5))]);
  }
  return random.chance(0.05) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
