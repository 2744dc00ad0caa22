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

  /** In order, without overlaps: all that belongs to any of them, for one may begin within another, or in another form of it. */
  find(bytes: Buffer): Found[] {
    const found: Found[] = [];
    /** Up to where each secret has been found: what follows it there is no news. */
    const known = new Map<Buffer, number>();
    for (let at = 0; at + keyBytes <= bytes.length; at++)
      for (const { secret, at: offset, length } of this.#stretches.get(bytes.readUInt32LE(at)) ?? []) {
        const after = known.get(secret) ?? 0;
        if (at + length <= after || bytes.compare(secret, offset, offset + length, at, Math.min(at + length, bytes.length)) !== 0) continue;
        let [from, upTo] = [at, at + length];
        for (let one = offset; one > 0 && from > after && secret[one - 1] === bytes[from - 1]; one--) from--;
        for (let one = offset + length; one < secret.length && upTo < bytes.length && secret[one] === bytes[upTo]; one++) upTo++;
        known.set(secret, upTo);
        found.push([from, upTo]);
      }
    return merged(found);
  }
}

function merged(found: Found[]): Found[] {
  const whole: [from: number, upTo: number][] = [];
  for (const [from, upTo] of found.sort(([a], [b]) => a - b)) {
    const last = whole.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], upTo);
    else whole.push([from, upTo]);
  }
  return whole;
}

function stretchesOf(secret: Buffer): Stretch[] {
  if (secret.length < 2 * partBytes) return [{ secret, at: 0, length: secret.length }];
  const stretches: Stretch[] = [];
  for (let at = 0; at + partBytes <= secret.length; at += partBytes)
    if (secret.subarray(at, at + partBytes).some((byte) => byte !== 0)) stretches.push({ secret, at, length: partBytes });
  return stretches;
}
