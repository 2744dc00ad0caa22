/** Bytes that are not the DER they should be. Whoever reads turns it into a named failure. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One element as views into the bytes it was read from; `tag` is the identifier octet, `bytes` has the header too. */
export interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Reads DER elements one after another: definite minimal lengths and single-octet tags only (X.690 8.1.3, 10.1).
 * It never reads beyond its bytes and copies nothing; every fault is a DerError.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The identifier octet of the next element, or -1 at the end. */
  peek(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  element(tag?: number): Element {
    const start = this.#at;
    const { tag: found, header, length } = readHeader(this.#bytes, start);
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${hex(found)} where ${hex(tag)} belongs, at byte ${start}`);
    const end = start + header + length;
    if (end > this.#bytes.length) throw new DerError(`the element at byte ${start} is longer than the data`);
    this.#at = end;
    return { tag: found, bytes: this.#bytes.subarray(start, end), content: this.#bytes.subarray(start + header, end) };
  }

  optional(tag: number): Element | null {
    return this.peek() === tag ? this.element(tag) : null;
  }

  /** A reader for the content of the next element, which must have this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.element(tag).content);
  }

  finish(): void {
    if (!this.done) throw new DerError(`${this.#bytes.length - this.#at} bytes too many`);
  }
}

/** Reads exactly one element that fills the bytes. */
export function onlyElement(bytes: Uint8Array, tag?: number): Element {
  const reader = new DerReader(bytes);
  const element = reader.element(tag);
  reader.finish();
  return element;
}

/** Identifier and length octets at `at`. Throws a DerError when they are not complete or not DER. */
export function readHeader(bytes: Uint8Array, at: number): { tag: number; header: number; length: number } {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new DerError(`the data ends in a header, at byte ${at}`);
  if ((tag & 0x1f) === 0x1f) throw new DerError(`multi-byte tag at byte ${at}`);
  if (first < 0x80) return { tag, header: 2, length: first };
  const count = first & 0x7f;
  if (count === 0) throw new DerError(`indefinite length at byte ${at}`);
  if (count > 4) throw new DerError(`a length of ${count} bytes at byte ${at}`);
  let length = 0;
  for (let i = 0; i < count; i++) {
    const octet = bytes[at + 2 + i];
    if (octet === undefined) throw new DerError(`the data ends in a header, at byte ${at}`);
    if (i === 0 && octet === 0) throw new DerError(`padded length at byte ${at}`);
    length = length * 256 + octet;
  }
  if (length < 0x80) throw new DerError(`long form for a short length at byte ${at}`);
  return { tag, header: 2 + count, length };
}

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;
