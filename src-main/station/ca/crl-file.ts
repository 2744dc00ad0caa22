import { createHash, createVerify } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Failure, limits } from '../../contract/index.ts';
import { DerError, hashFor, readHeader, tags } from '../../der/index.ts';
import { sameName } from '../x509-files/index.ts';
import {
  maxCrlFieldBytes,
  maxForeignEntryBytes,
  readCrlHead,
  readCrlScope,
  readCrlTail,
  type CrlHeadFields,
  type CrlScopeFields,
} from './crl-parts.ts';
import type { Issuer } from './issuer.ts';

/** Where a CRL's bytes are. */
export interface CrlSource {
  readonly size: number;
  /** Fills `target` from `at` on; answers how many bytes there were. */
  read(target: Uint8Array, at: number): Promise<number>;
}

export const bytesSource = (bytes: Uint8Array): CrlSource => ({
  size: bytes.length,
  read: (target, at) => {
    const part = bytes.subarray(at, at + target.length);
    target.set(part);
    return Promise.resolve(part.length);
  },
});

/** Runs `use` with a file as a source. A file that is not there or must not be read throws as the file system says. */
export async function withCrlFile<T>(path: string, use: (source: CrlSource) => Promise<T>): Promise<T> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  return await use({ size, read: async (target, at) => (await file.read(target, 0, target.length, at)).bytesRead });
}

/** A CRL of anybody and of any size, read in pieces: it is never in memory as a whole. */
export class CrlFile {
  readonly head: CrlHeadFields;
  readonly scope: CrlScopeFields;
  readonly #source: CrlSource;
  readonly #signature: Uint8Array;

  private constructor(source: CrlSource, head: CrlHeadFields, scope: CrlScopeFields, signature: Uint8Array) {
    this.#source = source;
    this.head = head;
    this.scope = scope;
    this.#signature = signature;
  }

  /** Reads all but the entries. CRL_REJECTED when it is not a CRL in DER, or larger than any that is read here. */
  static async read(source: CrlSource): Promise<CrlFile> {
    if (source.size > limits.crlBytes) throw new Failure('CRL_REJECTED', { problem: `it has more than ${String(limits.crlBytes)} bytes` });
    return named(async () => {
      const head = readCrlHead(await part(source, 0, Math.min(source.size, maxCrlFieldBytes)));
      if (head.end !== source.size) throw new DerError(head.end > source.size ? 'the CRL is cut off' : 'bytes after the end of the CRL');
      const tailAt = head.entriesAt + head.entryBytes;
      if (source.size - tailAt > maxCrlFieldBytes) throw new DerError('extensions that are too long');
      const { extensions, signature } = readCrlTail(await part(source, tailAt, source.size - tailAt), head);
      return new CrlFile(source, head, readCrlScope(extensions), signature);
    });
  }

  /** Whole entries, as many as fit into a piece; each piece is a view that is good until the next one is asked for. */
  async *pieces(): AsyncGenerator<Buffer, undefined> {
    const { entriesAt, entryBytes } = this.head;
    const buffer = Buffer.alloc(Math.min(entryBytes, limits.crlChunkBytes));
    let [at, kept] = [0, 0];
    while (at < entryBytes) {
      const wanted = Math.min(buffer.length - kept, entryBytes - at);
      const target = buffer.subarray(kept, kept + wanted);
      if ((await this.#source.read(target, entriesAt + at)) < wanted) throw new Failure('CRL_REJECTED', { problem: 'it became shorter' });
      at += wanted;
      const filled = kept + wanted;
      const whole = wholeEntries(buffer, filled, at === entryBytes);
      if (whole > 0) yield buffer.subarray(0, whole);
      buffer.copyWithin(0, whole, filled);
      kept = filled - whole;
    }
    return undefined;
  }

  /** Lower-case hex over the whole DER. */
  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    await this.#each(0, this.head.end, (piece) => hash.update(piece));
    return hash.digest('hex');
  }

  /** True when this issuer signed it. */
  async signedBy(issuer: Issuer): Promise<boolean> {
    const { tbsAt, tbsEnd, algorithm, issuer: name } = this.head;
    if (!sameName(issuer.subject, name) || Buffer.compare(issuer.signatureAlgorithm, algorithm) !== 0) return false;
    const verifier = createVerify(hashFor(issuer.algorithm));
    await this.#each(tbsAt, tbsEnd, (piece) => verifier.update(piece));
    return verifier.verify(issuer.publicKey, this.#signature);
  }

  async #each(from: number, to: number, use: (piece: Uint8Array) => void): Promise<void> {
    const buffer = Buffer.alloc(Math.min(to - from, limits.crlChunkBytes));
    for (let at = from; at < to;) {
      const piece = buffer.subarray(0, Math.min(buffer.length, to - at));
      if ((await this.#source.read(piece, at)) < piece.length) throw new Failure('CRL_REJECTED', { problem: 'it became shorter' });
      use(piece);
      at += piece.length;
    }
  }
}

async function part(source: CrlSource, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  if ((await source.read(bytes, at)) < length) throw new DerError('the CRL is cut off');
  return bytes;
}

/** How many of the `filled` bytes are whole entries; all of them where nothing more is to come. */
function wholeEntries(buffer: Buffer, filled: number, last: boolean): number {
  let at = 0;
  while (at < filled) {
    const size = entrySize(buffer, at, filled);
    if (size === null) break;
    at += size;
  }
  if (last && at < filled) throw rejected('an entry that is longer than its list');
  return at;
}

/** Bytes of the entry at `at`; null where it is not all there before `end`. */
function entrySize(buffer: Buffer, at: number, end: number): number | null {
  // The header of a short entry, which nearly all are, without taking it apart.
  const short = buffer[at] === tags.sequence && at + 1 < end ? (buffer[at + 1] ?? 0x80) : 0x80;
  if (short < 0x80) return at + 2 + short > end ? null : 2 + short;
  if (end - at < 6) return buffer[at] === tags.sequence || at >= end ? null : fail('something else where an entry belongs');
  try {
    const { tag, header, length } = readHeader(buffer, at);
    if (tag !== tags.sequence) fail('something else where an entry belongs');
    if (length > maxForeignEntryBytes) fail('an entry that is too long');
    return at + header + length > end ? null : header + length;
  } catch (error) {
    throw error instanceof DerError ? rejected(error.message) : error;
  }
}

const rejected = (problem: string): Failure => new Failure('CRL_REJECTED', { problem });
function fail(problem: string): never {
  throw rejected(problem);
}

/** A DerError as the named failure that it is to whoever gave us the file. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DerError ? rejected(error.message) : error;
  }
}

/** Walks the entries of a CRL one by one: where the content of each serial number lies. */
export class EntryCursor {
  readonly #pieces: AsyncGenerator<Buffer, undefined>;
  #next = 0;
  bytes: Buffer = Buffer.alloc(0);
  /** Of the current entry, header included. */
  at = 0;
  serialAt = 0;
  serialEnd = 0;

  constructor(crl: CrlFile) {
    this.#pieces = crl.pieces();
  }

  /** To the next entry of the piece at hand; false at its end: then `load` the next piece. */
  advance(): boolean {
    const { bytes } = this;
    this.at = this.#next;
    if (this.at >= bytes.length) return false;
    const first = bytes[this.at + 1] ?? 0;
    const content = this.at + (first < 0x80 ? 2 : 2 + (first & 0x7f));
    const end = first < 0x80 ? content + first : content + readHeader(bytes, this.at).length;
    const length = bytes[content + 1] ?? 0;
    this.serialAt = content + 2;
    this.serialEnd = this.serialAt + length;
    if (bytes[content] !== tags.integer || length === 0 || length > 0x7f || this.serialEnd > end)
      throw rejected('an entry without a serial number');
    this.#next = end;
    return true;
  }

  /** To the first entry of the next piece; false when there is none. */
  async load(): Promise<boolean> {
    const piece: IteratorResult<Buffer, undefined> = await this.#pieces.next();
    this.#next = 0;
    this.bytes = piece.value ?? Buffer.alloc(0);
    return piece.done !== true && this.advance();
  }

  /** The whole entry, as a view. */
  get entry(): Buffer {
    return this.bytes.subarray(this.at, this.#next);
  }

  /** Upper-case hex, without the sign octet. */
  get serial(): string {
    const from = this.bytes[this.serialAt] === 0 && this.serialEnd - this.serialAt > 1 ? this.serialAt + 1 : this.serialAt;
    return this.bytes.toString('hex', from, this.serialEnd).toUpperCase();
  }

  hasSerialOf(other: EntryCursor): boolean {
    return this.bytes.compare(other.bytes, other.serialAt, other.serialEnd, this.serialAt, this.serialEnd) === 0;
  }
}
