/** Serial numbers in the order in which they came, in 4 bytes beside their own for each; a million take 25 MB. */
export class SerialSet {
  /** Each with its length in front. */
  #bytes = Buffer.alloc(1024);
  #used = 0;
  /** Where each stands in `#bytes`, plus one; 0 is free. */
  #table = new Uint32Array(256);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** A copy that `eachSerial` reads. */
  toBuffer(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#used));
  }

  /** False for one that is there already. At most 255 bytes. */
  add(bytes: Uint8Array, at: number, length: number): boolean {
    const place = this.#find(bytes, at, length);
    if (this.#table[place] !== 0) return false;
    if (this.#used + length + 1 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    this.#table[place] = this.#used + 1;
    this.#bytes[this.#used] = length;
    this.#bytes.set(bytes.subarray(at, at + length), this.#used + 1);
    this.#used += length + 1;
    this.#count++;
    if (this.#count * 2 > this.#table.length) this.#grow();
    return true;
  }

  has(bytes: Uint8Array, at: number, length: number): boolean {
    return this.#table[this.#find(bytes, at, length)] !== 0;
  }

  /** The place of this number in the table, or the free one where it belongs. */
  #find(bytes: Uint8Array, at: number, length: number): number {
    const mask = this.#table.length - 1;
    let hash = 0x811c9dc5;
    for (let index = at; index < at + length; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
    for (let place = (hash >>> 0) & mask; ; place = (place + 1) & mask) {
      const start = this.#table[place] ?? 0;
      if (start === 0 || this.#isAt(start - 1, bytes, at, length)) return place;
    }
  }

  #isAt(start: number, bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#bytes[start] !== length) return false;
    for (let index = 0; index < length; index++) if (this.#bytes[start + 1 + index] !== bytes[at + index]) return false;
    return true;
  }

  #grow(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let at = 0; at < this.#used; at += (this.#bytes[at] ?? 0) + 1)
      this.#table[this.#find(this.#bytes, at + 1, this.#bytes[at] ?? 0)] = at + 1;
  }
}

/** Visits each serial number of what `toBuffer` gave: where it begins, and its length. */
export function eachSerial(bytes: Uint8Array, visit: (at: number, length: number) => void): void {
  for (let at = 0; at < bytes.length; at += (bytes[at] ?? 0) + 1) visit(at + 1, bytes[at] ?? 0);
}
