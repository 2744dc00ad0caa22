/** The newest bytes of a stream, at most `capacity` of them, however they are cut: one that comes costs the same whatever is kept. */
export class ByteRing {
  readonly #ring: Buffer;
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#ring = Buffer.alloc(capacity);
  }

  push(bytes: Uint8Array): void {
    const capacity = this.#ring.length;
    for (const byte of bytes) {
      this.#ring[(this.#start + this.#length) % capacity] = byte;
      if (this.#length < capacity) this.#length += 1;
      else this.#start = (this.#start + 1) % capacity;
    }
  }

  /** What is kept, oldest first; afterwards nothing is. */
  take(): Buffer {
    const first = this.#ring.subarray(this.#start, this.#start + this.#length);
    const taken = Buffer.concat([first, this.#ring.subarray(0, this.#length - first.length)]);
    this.#start = 0;
    this.#length = 0;
    return taken;
  }
}
