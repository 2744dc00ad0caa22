/** Bytes that are not the CBOR that they should be. */
export class CborError extends Error {
  override readonly name = 'CborError';
}

export type CborKey = number | string;
export interface CborTag {
  readonly tag: number;
  readonly value: CborValue;
}
export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[] | ReadonlyMap<CborKey, CborValue> | CborTag;

export interface CborLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
}

const usual: CborLimits = { maxDepth: 8, maxElements: 128 };
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one CBOR item that fills the bytes (RFC 8949), as strictly as what is signed deserves: shortest lengths and numbers (4.2.1),
 * definite lengths, no key twice, UTF-8 that is UTF-8, and no floats. Keys are numbers or text. Time and memory are bounded by the limits and
 * the bytes; every fault is a CborError.
 */
export function readCbor(bytes: Uint8Array, limits: CborLimits = usual): CborValue {
  const reader = new Reader(bytes, limits);
  const value = reader.item(0);
  if (reader.at < bytes.length) throw new CborError(`${String(bytes.length - reader.at)} bytes too many`);
  return value;
}

class Reader {
  at = 0;
  #elements = 0;
  readonly #bytes: Uint8Array;
  readonly #limits: CborLimits;

  constructor(bytes: Uint8Array, limits: CborLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  item(depth: number): CborValue {
    if (depth > this.#limits.maxDepth) throw new CborError(`nested deeper than ${String(this.#limits.maxDepth)}`);
    if (++this.#elements > this.#limits.maxElements) throw new CborError(`more than ${String(this.#limits.maxElements)} elements`);
    const first = this.#octet();
    const major = first >> 5;
    if (major === 7) return simple(first & 31);
    const argument = this.#argument(first & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return text(this.#take(argument));
      case 4:
        return this.#array(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return { tag: argument, value: this.item(depth + 1) };
    }
  }

  #array(length: number, depth: number): CborValue[] {
    const found: CborValue[] = [];
    for (let i = 0; i < length; i++) found.push(this.item(depth + 1));
    return found;
  }

  #map(length: number, depth: number): ReadonlyMap<CborKey, CborValue> {
    const found = new Map<CborKey, CborValue>();
    for (let i = 0; i < length; i++) {
      const key = this.item(depth + 1);
      if (typeof key !== 'number' && typeof key !== 'string') throw new CborError('a key that is neither a number nor text');
      if (found.has(key)) throw new CborError(`the key ${String(key)} twice`);
      found.set(key, this.item(depth + 1));
    }
    return found;
  }

  #octet(): number {
    const octet = this.#bytes[this.at];
    if (octet === undefined) throw new CborError('the data ends too soon');
    this.at++;
    return octet;
  }

  /** The number or length in the low five bits and what follows; never longer than it must be. */
  #argument(low: number): number {
    if (low < 24) return low;
    if (low === 31) throw new CborError('an indefinite length');
    if (low > 27) throw new CborError('a reserved length');
    const size = 1 << (low - 24);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#octet();
    if (value > Number.MAX_SAFE_INTEGER) throw new CborError('a number that is too large');
    const least = [24, 0x100, 0x1_0000, 0x1_0000_0000][low - 24] ?? 0;
    if (value < least) throw new CborError('a number or length that is longer than it must be');
    return value;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new CborError('a string that is longer than the data');
    const start = this.at;
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }
}

function simple(low: number): boolean | null {
  if (low === 20) return false;
  if (low === 21) return true;
  if (low === 22) return null;
  throw new CborError('a float, or a simple value that is not used here');
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new CborError('text that is not UTF-8');
  }
}

/** A byte string or text with its head, and the head of an array: all that a Sig_structure needs. */
export const cborBytes = (bytes: Uint8Array): Buffer => Buffer.concat([head(2, bytes.length), bytes]);
export const cborText = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
export const cborArray = (...items: readonly Uint8Array[]): Buffer => Buffer.concat([head(4, items.length), ...items]);

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 0x100) return Buffer.from([(major << 5) | 24, length]);
  const out = Buffer.alloc(length < 0x1_0000 ? 3 : 5);
  out[0] = (major << 5) | (length < 0x1_0000 ? 25 : 26);
  if (length < 0x1_0000) out.writeUInt16BE(length, 1);
  else out.writeUInt32BE(length, 1);
  return out;
}
