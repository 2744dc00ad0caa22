import { createHash, createVerify, type Hash, type Verify } from 'node:crypto';
import { limits } from '../contract/index.ts';
import {
  calendarAt,
  calendarOf,
  constructed,
  DerError,
  der,
  DerReader,
  hashFor,
  issuingPointOf,
  oids,
  onlyElement,
  readExtensions,
  readHeader,
  readNumber,
  readTime,
  signatureAlgorithm,
  tags,
  type Extension,
} from '../der/index.ts';
import { refused } from './failures.ts';
import type { IssuerKey } from './issuer-key.ts';
import { SerialSet } from './serial-set.ts';

export interface FinishedCrl {
  readonly number: number;
  /** Of its distribution point: each has a sequence of numbers of its own. */
  readonly uri: string;
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  readonly serials: SerialSet;
  readonly digest: Buffer;
  readonly verifies: (signature: Uint8Array) => boolean;
}

/** Bounds on what is held back until it can be read: all of a tbsCertList but its entries is small. */
const maxFieldBytes = 4096;
const maxEntryBytes = 96;
const skewMs = 5 * 60_000;
const knownExtensions = new Set<string>([oids.authorityKeyIdentifier, oids.crlNumber, oids.issuingDistributionPoint]);
const tooLarge = 'a field of the revocation list is too large';
const empty = Buffer.alloc(0);

/**
 * Reads a tbsCertList as it comes in pieces, checks it, and hashes it. Memory grows with the list by its serial numbers alone.
 * SESSION_REFUSED as soon as a rule is broken; a stream that was refused is of no more use.
 */
export class CrlStream {
  readonly key: IssuerKey;
  readonly #now: number;
  /** No revocation may be later, as a calendar number. */
  readonly #latest: number;
  readonly #hash: Hash;
  readonly #verifier: Verify;
  #rest: Uint8Array = empty;
  #stage: 'head' | 'entries' | 'tail' | 'done' = 'head';
  #total = 0;
  #seen = 0;
  /** Bytes of the element that are still to come, in the stage they belong to. */
  #entryBytes = 0;
  readonly #serials = new SerialSet();
  #thisUpdate = 0;
  #number = -1;
  #uri = '';

  constructor(key: IssuerKey, now: number) {
    this.key = key;
    this.#now = now;
    this.#latest = calendarOf(now + skewMs);
    this.#hash = createHash(hashFor(key.algorithm));
    this.#verifier = createVerify(hashFor(key.algorithm));
  }

  append(chunk: Uint8Array): void {
    this.#seen += chunk.length;
    this.#hash.update(chunk);
    this.#verifier.update(chunk);
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      this.#advance();
    } catch (error) {
      throw error instanceof DerError ? refused(`this is not a tbsCertList: ${error.message}`) : error;
    }
    // The chunk is the caller's: keep a copy of the little that could not be read yet.
    this.#rest = Buffer.from(this.#rest);
  }

  /** The digest to be signed, once everything was read and found right. */
  finish(): FinishedCrl {
    if (this.#stage !== 'done') throw refused('the revocation list is not complete');
    return {
      number: this.#number,
      uri: this.#uri,
      thisUpdate: this.#thisUpdate,
      serials: this.#serials,
      digest: this.#hash.digest(),
      verifies: (signature) => this.#verifier.verify(this.key.publicKey, signature),
    };
  }

  #advance(): void {
    if (this.#stage === 'head') this.#readHead();
    if (this.#stage === 'entries') this.#readEntries();
    if (this.#stage === 'tail') this.#readTail();
    if (this.#stage === 'done' && this.#seen > this.#total) throw refused('bytes after the end of the revocation list');
  }

  /** Waits for the header of the list of entries, or for the tag that shows that there is none. */
  #readHead(): void {
    const outer = headerIn(this.#rest);
    if (outer === null) return this.#bound(maxFieldBytes);
    if (outer.tag !== tags.sequence) throw new DerError('no SEQUENCE');
    this.#total = outer.header + outer.length;
    if (this.#total > limits.crlBytes) throw refused('the revocation list is too large');
    let at = outer.header;
    const fields: Uint8Array[] = [];
    while (fields.length < 5) {
      const next = headerIn(this.#rest.subarray(at));
      const end = next === null ? Infinity : at + next.header + next.length;
      if (next !== null && next.length > maxFieldBytes) throw refused(tooLarge);
      if (end > this.#rest.length) return this.#bound(maxFieldBytes);
      fields.push(this.#rest.subarray(at, end));
      at = end;
    }
    const list = headerIn(this.#rest.subarray(at));
    if (list === null) return this.#bound(maxFieldBytes);
    this.#checkHead(fields);
    const hasEntries = list.tag === tags.sequence;
    if (hasEntries && list.length === 0) throw new DerError('a list of entries without entries');
    this.#rest = this.#rest.subarray(hasEntries ? at + list.header : at);
    this.#entryBytes = hasEntries ? list.length : 0;
    this.#stage = 'entries';
  }

  #checkHead([version, algorithm, issuer, thisUpdate, nextUpdate]: readonly Uint8Array[]): void {
    const { signer } = this.key;
    const [from, until] = [readTime(onlyElement(thisUpdate ?? empty)), readTime(onlyElement(nextUpdate ?? empty))];
    if (readNumber(onlyElement(version ?? empty, tags.integer)) !== 1) throw refused('a revocation list must be version 2');
    if (Buffer.compare(algorithm ?? empty, signatureAlgorithm(this.key.algorithm)) !== 0)
      throw refused('the signature algorithm must be the one of the issuer’s key');
    if (signer.authority === null || Buffer.compare(issuer ?? empty, signer.authority.subject) !== 0)
      throw refused('the issuer name must be the subject of the issuer’s certificate');
    this.#thisUpdate = from;
    if (from > this.#now + skewMs) throw refused('the revocation list starts in the future');
    if (from < this.#now - skewMs) throw refused('the revocation list starts in the past');
    if (until <= this.#now || until <= from) throw refused('the revocation list has already ended');
    if (until - from > limits.crlHours.max * 3_600_000) throw refused(`a revocation list ends within ${String(limits.crlHours.max)} hours`);
  }

  #readEntries(): void {
    let at = 0;
    while (this.#entryBytes > 0) {
      const entry = headerIn(this.#rest, at);
      if (entry === null) break;
      const size = entry.header + entry.length;
      if (size > maxEntryBytes) throw refused('an entry of the revocation list is too large');
      if (size > this.#entryBytes) throw new DerError('an entry that is longer than its list');
      if (at + size > this.#rest.length) break;
      if (entry.tag !== tags.sequence) throw new DerError('something else where an entry belongs');
      const body = at + entry.header;
      checkEntry(this.#rest, body, at + size, this.#latest);
      if (!this.#serials.add(this.#rest, body + 2, this.#rest[body + 1] ?? 0))
        throw refused('a serial number stands twice in the revocation list');
      at += size;
      this.#entryBytes -= size;
    }
    this.#rest = this.#rest.subarray(at);
    if (this.#entryBytes === 0) this.#stage = 'tail';
  }

  #readTail(): void {
    const tail = headerIn(this.#rest);
    if (tail !== null && tail.length > maxFieldBytes) throw refused(tooLarge);
    if (tail === null || tail.header + tail.length > this.#rest.length) return this.#bound(maxFieldBytes);
    const element = new DerReader(this.#rest).element(constructed(0));
    const extensions = readExtensions(element.content);
    for (const id of extensions.keys())
      if (!knownExtensions.has(id)) throw refused(`the extension ${id} has no place in a revocation list here`);
    const authorityKey = extensions.get(oids.authorityKeyIdentifier)?.value ?? empty;
    if (Buffer.compare(authorityKey, der.sequence(der.implicit(0, this.key.signer.keyId))) !== 0)
      throw refused('the authority key identifier must be the issuer’s');
    const number = extensions.get(oids.crlNumber);
    if (number === undefined) throw refused('a revocation list must have a number');
    this.#uri = this.#checkPoint(extensions.get(oids.issuingDistributionPoint));
    this.#number = readNumber(onlyElement(number.value, tags.integer));
    this.#rest = this.#rest.subarray(element.bytes.length);
    if (this.#seen - this.#rest.length !== this.#total) throw new DerError('a length that is not the sum of its parts');
    this.#stage = 'done';
  }

  /** Which of the issuer's lists it is. */
  #checkPoint(point: Extension | undefined): string {
    const { points } = this.key.signer;
    const [only, ...more] = points;
    if (only !== undefined && more.length === 0) {
      // NSS and mbedTLS read no list with a critical extension that they do not know.
      if (point !== undefined) throw refused('a list of all certificates of the issuer names no distribution point');
      return only;
    }
    // Without it a list of one partition would count for all certificates of the issuer.
    if (point?.critical !== true) throw refused('a list of one of several partitions must name its distribution point, critical');
    const uri = points.find((one) => Buffer.compare(point.value, issuingPointOf(one)) === 0);
    if (uri === undefined) throw refused('the distribution point must be one of the issuer’s own revocation lists, and nothing else');
    return uri;
  }

  #bound(bytes: number): void {
    if (this.#rest.length > bytes) throw refused(tooLarge);
  }
}

/** The header at `at`, or null while too few bytes are there to know it. */
function headerIn(bytes: Uint8Array, at = 0): ReturnType<typeof readHeader> | null {
  const octet = bytes[at + 1];
  const needed = octet === undefined || octet < 0x80 ? 2 : 2 + (octet & 0x7f);
  return bytes.length - at < Math.min(needed, 6) ? null : readHeader(bytes, at);
}

/** The only extension an entry may have, up to the reason's number (RFC 5280 5.3.1). */
const reasonHead = Buffer.from([0x30, 0x0c, 0x30, 0x0a, ...der.oid(oids.reasonCode), 0x04, 0x03, 0x0a, 0x01]);
/** unspecified is left out; certificateHold and removeFromCRL would let a status move back. */
const reasons = new Set([1, 2, 3, 4, 5, 9]);

/**
 * Checks the entry from `at` to `end` where it lies: taking a million entries apart as elements took longer than all else.
 * `at` is behind the entry's own header.
 */
function checkEntry(bytes: Uint8Array, at: number, end: number, latest: number): void {
  const serialLength = bytes[at + 1] ?? 0;
  const first = bytes[at + 2] ?? 0;
  const second = bytes[at + 3] ?? 0;
  if (bytes[at] !== tags.integer || serialLength < 1 || serialLength > 20)
    throw refused('a serial number in the revocation list is too long, or none');
  if (first >= 0x80 || (first === 0 && (serialLength === 1 || second < 0x80)))
    throw refused('a serial number in the revocation list is not positive, or padded');
  const time = at + 2 + serialLength;
  const timeLength = bytes[time + 1] ?? 0;
  const rest = time + 2 + timeLength;
  if (rest > end) throw new DerError('an entry that is shorter than its parts');
  if (calendarAt(bytes, bytes[time] ?? 0, time + 2, timeLength) > latest) throw refused('a revocation in the future');
  if (rest === end) return;
  let isReason = end - rest === reasonHead.length + 1 && reasons.has(bytes[end - 1] ?? 0);
  for (let index = 0; isReason && index < reasonHead.length; index++) isReason = bytes[rest + index] === reasonHead[index];
  if (!isReason) throw refused('an entry of the revocation list has something other than a reason that is used here');
}
