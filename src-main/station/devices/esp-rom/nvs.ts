import { crc32 } from 'node:zlib';

/**
 * Image of an NVS partition, page format version 2. Source: ESP-IDF, "Non-Volatile Storage Library" (structure of a page, structure of an entry) and
 * components/nvs_flash/nvs_partition_generator.
 */
export type NvsValue = { readonly kind: 'string' | 'blob'; readonly data: Uint8Array } | { readonly kind: 'u16'; readonly value: number };
export interface NvsItem {
  /** At most 15 characters. */
  readonly key: string;
  readonly value: NvsValue;
}

export const NVS_PAGE_BYTES = 4096;
const ENTRY_BYTES = 32;
const ENTRIES = 126;
const BITMAP_AT = 32;
const ENTRIES_AT = 64;
const ACTIVE = 0xffff_fffe;
const FULL = 0xffff_fffc;
const VERSION = 0xfe;
const CRC_SEED = 0xffff_ffff;
const types = { u8: 0x01, u16: 0x02, string: 0x21, blob: 0x42, blobIndex: 0x48 } as const;
const NO_CHUNK = 0xff;
/** A string is one run of entries in one page: ESP-IDF takes 4000 bytes, its NUL included. */
const LONGEST_STRING = 4000;

/** `namespace` with its items; null when they do not fit: the last page stays free for the firmware's own writing. */
export function buildNvs(namespace: string, items: readonly NvsItem[], size: number): Buffer | null {
  const pages = new Pages(size);
  const space = 1;
  if (!pages.add(0, types.u8, NO_CHUNK, namespace, Buffer.of(space), null)) return null;
  for (const { key, value } of items) {
    if (value.kind === 'blob' ? !addBlob(pages, space, key, value.data) : !addPlain(pages, space, key, value)) return null;
  }
  return pages.image();
}

function addPlain(pages: Pages, space: number, key: string, value: Exclude<NvsValue, { kind: 'blob' }>): boolean {
  if (value.kind === 'u16') {
    const data = Buffer.alloc(2);
    data.writeUInt16LE(value.value);
    return pages.add(space, types.u16, NO_CHUNK, key, data, null);
  }
  if (value.data.length > LONGEST_STRING) return false;
  return pages.add(space, types.string, NO_CHUNK, key, sizeAndCrc(value.data), value.data);
}

/** Chunks as the pages have room for them, then the index that says how many. */
function addBlob(pages: Pages, space: number, key: string, data: Uint8Array): boolean {
  let chunk = 0;
  for (let at = 0; at < data.length || chunk === 0; chunk++) {
    const part = data.subarray(at, at + Math.min(pages.roomFor(), data.length - at));
    if (!pages.add(space, types.blob, chunk, key, sizeAndCrc(part), part)) return false;
    at += part.length;
    if (part.length === 0 && data.length > 0) return false;
  }
  const index = Buffer.alloc(8, 0xff);
  index.writeUInt32LE(data.length, 0);
  index.writeUInt8(chunk, 4);
  index.writeUInt8(0, 5);
  return pages.add(space, types.blobIndex, NO_CHUNK, key, index, null);
}

/** Data field of an entry with a variable length: size u16, FFFF, crc32 of the data. */
function sizeAndCrc(data: Uint8Array): Buffer {
  const field = Buffer.alloc(8, 0xff);
  field.writeUInt16LE(data.length, 0);
  field.writeUInt32LE(crc32(data, CRC_SEED), 4);
  return field;
}

class Pages {
  readonly #image: Buffer;
  #page = 0;
  #entry = 0;

  constructor(size: number) {
    this.#image = Buffer.alloc(size, 0xff);
    this.#openPage();
  }

  /** Bytes of data that a blob's chunk can have now; a new page when there is no room for one. */
  roomFor(): number {
    if (ENTRIES - this.#entry < 2) this.#nextPage();
    return Math.max(0, ENTRIES - this.#entry - 1) * ENTRY_BYTES;
  }

  add(space: number, type: number, chunk: number, key: string, field: Uint8Array, data: Uint8Array | null): boolean {
    const span = 1 + Math.ceil((data?.length ?? 0) / ENTRY_BYTES);
    if (span > ENTRIES) return false;
    if (this.#entry + span > ENTRIES) this.#nextPage();
    if (!this.#hasPage()) return false;
    const at = this.#page * NVS_PAGE_BYTES + ENTRIES_AT + this.#entry * ENTRY_BYTES;
    const head = this.#image.subarray(at, at + ENTRY_BYTES);
    head.writeUInt8(space, 0);
    head.writeUInt8(type, 1);
    head.writeUInt8(span, 2);
    head.writeUInt8(chunk, 3);
    head.fill(0, 8, 24);
    head.write(key, 8, 15, 'latin1');
    head.set(field, 24);
    head.writeUInt32LE(crc32(Buffer.concat([head.subarray(0, 4), head.subarray(8)]), CRC_SEED), 4);
    if (data !== null) this.#image.set(data, at + ENTRY_BYTES);
    for (let i = 0; i < span; i++) this.#markWritten(this.#entry + i);
    this.#entry += span;
    return true;
  }

  image(): Buffer {
    return this.#image;
  }

  #hasPage(): boolean {
    return (this.#page + 2) * NVS_PAGE_BYTES <= this.#image.length;
  }

  #nextPage(): void {
    this.#writeHeader(FULL);
    this.#page += 1;
    this.#entry = 0;
    this.#openPage();
  }

  #openPage(): void {
    if (this.#hasPage()) this.#writeHeader(ACTIVE);
  }

  #writeHeader(state: number): void {
    const header = this.#image.subarray(this.#page * NVS_PAGE_BYTES, this.#page * NVS_PAGE_BYTES + BITMAP_AT);
    header.writeUInt32LE(state, 0);
    header.writeUInt32LE(this.#page, 4);
    header.writeUInt8(VERSION, 8);
    header.writeUInt32LE(crc32(header.subarray(4, 28), CRC_SEED), 28);
  }

  /** Two bits an entry: 11 empty, 10 written, 00 erased. */
  #markWritten(entry: number): void {
    const at = this.#page * NVS_PAGE_BYTES + BITMAP_AT + (entry >> 2);
    this.#image[at] = (this.#image[at] ?? 0xff) & ~(1 << ((entry & 3) * 2));
  }
}
