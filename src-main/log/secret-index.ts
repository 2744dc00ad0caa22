/** A stretch of a secret that is searched for. */
interface Stretch {
  readonly secret: Buffer;
  readonly at: number;
  readonly length: number;
}

/** Where a secret, or a part of it, is in some bytes: from, and up to. */
export type Found = readonly [from: number, upTo: number];

/** Of a secret at least twice as long as this each part that is twice as long is found, too. */
const partBytes = 16;
const keyBytes = 4;

/**
 * Finds many secrets in one pass: by the first four bytes of each, or of each part of a long one. It keeps no copy of them; one that its
 * owner has wiped is found no more.
 */
export class SecretIndex {
  readonly #stretches = new Map<number, Stretch[]>();

  get isEmpty(): boolean {
    return this.#stretches.size === 0;
  }

  /** At least four bytes. */
  add(secret: Buffer): void {
    for (const stretch of stretchesOf(secret)) {
      const key = secret.readUInt32LE(stretch.at);
      const others = this.#stretches.get(key);
      if (others === undefined) this.#stretches.set(key, [stretch]);
      else others.push(stretch);
    }
  }

  remove(secret: Buffer): void {
    for (const [key, stretches] of this.#stretches) {
      const left = stretches.filter((one) => one.secret !== secret);
      if (left.length === 0) this.#stretches.delete(key);
      else if (left.length < stretches.length) this.#stretches.set(key, left);
    }
  }

  /** In order, without overlaps. */
  find(bytes: Buffer): Found[] {
    const found: Found[] = [];
    let upTo = 0;
    for (let at = 0; at + keyBytes <= bytes.length; at++) {
      const longest = this.#longestAt(bytes, at, upTo);
      if (longest === null) continue;
      found.push(longest);
      upTo = longest[1];
      at = upTo - 1;
    }
    return found;
  }

  #longestAt(bytes: Buffer, at: number, after: number): Found | null {
    let longest: Found | null = null;
    for (const { secret, at: offset, length } of this.#stretches.get(bytes.readUInt32LE(at)) ?? []) {
      if (bytes.compare(secret, offset, offset + length, at, Math.min(at + length, bytes.length)) !== 0) continue;
      let [from, upTo] = [at, at + length];
      for (let one = offset; one > 0 && from > after && secret[one - 1] === bytes[from - 1]; one--) from--;
      for (let one = offset + length; one < secret.length && upTo < bytes.length && secret[one] === bytes[upTo]; one++) upTo++;
      if (longest === null || upTo - from > longest[1] - longest[0]) longest = [from, upTo];
    }
    return longest;
  }
}

function stretchesOf(secret: Buffer): Stretch[] {
  if (secret.length < 2 * partBytes) return [{ secret, at: 0, length: secret.length }];
  const stretches: Stretch[] = [];
  for (let at = 0; at + partBytes <= secret.length; at += partBytes)
    if (secret.subarray(at, at + partBytes).some((byte) => byte !== 0)) stretches.push({ secret, at, length: partBytes });
  return stretches;
}
