import {
  authorityKeyIdOf,
  constructed,
  DerError,
  DerReader,
  oids,
  onlyElement,
  readBitBytes,
  readExtensions,
  readHeader,
  readNumber,
  readTime,
  readUnsigned,
  tags,
  type Extensions,
} from '../../der/index.ts';

/** All of a CRL but its entries is small; nobody's CRL makes us hold more than this. */
export const maxCrlFieldBytes = 64 * 1024;
/** An entry of ours has 64 bytes; others may name a certificate issuer in one. */
export const maxForeignEntryBytes = 16 * 1024;

/** Everything before the entries, and where they are. Offsets from the start of the DER. */
export interface CrlHeadFields {
  /** 1 or 2. */
  readonly version: number;
  /** AlgorithmIdentifier and issuer name, DER. */
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  /** Milliseconds since the epoch; nextUpdate is null where it is left out. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly tbsAt: number;
  readonly tbsEnd: number;
  readonly entriesAt: number;
  readonly entryBytes: number;
  /** Of the whole DER. */
  readonly end: number;
}

/** Reads the start of a CRL's DER from `bytes`, which may end anywhere behind the header of the list of entries. */
export function readCrlHead(bytes: Uint8Array): CrlHeadFields {
  const outer = headerOf(bytes, 0, tags.sequence);
  const tbs = headerOf(bytes, outer.content, tags.sequence);
  if (tbs.end > outer.end) throw new DerError('a tbsCertList that is longer than the CRL');
  let at = tbs.content;
  const element = (): { readonly tag: number; readonly bytes: Uint8Array } => {
    const { header, length, tag } = readHeader(bytes, at);
    const end = at + header + length;
    if (end > tbs.end || length > maxCrlFieldBytes) throw new DerError('a field that is too long');
    if (end > bytes.length) throw new DerError('the CRL is cut off');
    const found = { tag, bytes: bytes.subarray(at, end) };
    at = end;
    return found;
  };
  const tagAt = (): number => (at < tbs.end ? (bytes[at] ?? -1) : -1);

  const version = tagAt() === tags.integer ? readNumber(onlyElement(element().bytes)) + 1 : 1;
  if (version > 2) throw new DerError('a CRL of an unknown version');
  const algorithm = onlyElement(element().bytes, tags.sequence).bytes;
  const issuer = onlyElement(element().bytes, tags.sequence).bytes;
  const thisUpdate = readTime(onlyElement(element().bytes));
  const hasNext = tagAt() === tags.utcTime || tagAt() === tags.generalizedTime;
  const nextUpdate = hasNext ? readTime(onlyElement(element().bytes)) : null;
  const list = tagAt() === tags.sequence ? headerOf(bytes, at, tags.sequence) : { content: at, end: at };
  if (list.end > tbs.end) throw new DerError('a list of entries that is longer than the CRL');
  return {
    version,
    algorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    tbsAt: outer.content,
    tbsEnd: tbs.end,
    entriesAt: list.content,
    entryBytes: list.end - list.content,
    end: outer.end,
  };
}

function headerOf(bytes: Uint8Array, at: number, tag: number): { readonly content: number; readonly end: number } {
  const found = readHeader(bytes, at);
  if (found.tag !== tag) throw new DerError('something else where a SEQUENCE belongs');
  return { content: at + found.header, end: at + found.header + found.length };
}

/** Everything behind the entries. */
export interface CrlTailFields {
  readonly extensions: Extensions;
  readonly signature: Uint8Array;
}

/** Reads what follows the entries: `bytes` from there to the end of the CRL. */
export function readCrlTail(bytes: Uint8Array, { algorithm, entriesAt, entryBytes, tbsEnd }: CrlHeadFields): CrlTailFields {
  const rest = tbsEnd - entriesAt - entryBytes;
  const inside = new DerReader(bytes.subarray(0, rest));
  const wrapped = inside.optional(constructed(0));
  inside.finish();
  const outside = new DerReader(bytes.subarray(rest));
  if (Buffer.compare(outside.element(tags.sequence).bytes, algorithm) !== 0)
    throw new DerError('two different signature algorithms in one CRL');
  const signature = readBitBytes(outside.element(tags.bitString));
  outside.finish();
  return { extensions: wrapped === null ? new Map() : readExtensions(wrapped.content), signature };
}

/** An entry as it stands in a CRL of anybody. */
export interface ForeignEntry {
  /** Upper-case hex of the INTEGER's content without a sign octet. */
  readonly serial: string;
  /** Milliseconds since the epoch. */
  readonly revokedAt: number;
  /** CRLReason number; null where none is given. */
  readonly reason: number | null;
}

/** One entry, header and all. */
export function readForeignEntry(bytes: Uint8Array): ForeignEntry {
  const entry = new DerReader(onlyElement(bytes, tags.sequence).content);
  const serial = serialHex(entry.element(tags.integer).content);
  const revokedAt = readTime(entry.element());
  const extensions = entry.optional(tags.sequence);
  entry.finish();
  const reason = extensions === null ? undefined : readExtensions(extensions.bytes).get(oids.reasonCode)?.value;
  return { serial, revokedAt, reason: reason === undefined ? null : readNumber(onlyElement(reason, tags.enumerated)) };
}

function serialHex(content: Uint8Array): string {
  const first = content[0] === 0 && content.length > 1 ? 1 : 0;
  return Buffer.from(content.buffer, content.byteOffset + first, content.length - first)
    .toString('hex')
    .toUpperCase();
}

/** What the extensions of a CRL say. */
export interface CrlScopeFields {
  /** Decimal: RFC 5280 5.2.3 allows 20 octets. Null for a CRL without a number. */
  readonly number: string | null;
  /** Lower-case hex. */
  readonly authorityKeyId: string | null;
  /** The first URI of the issuing distribution point. */
  readonly uri: string | null;
  /** The number of the CRL that it builds on: this is a delta. */
  readonly baseNumber: string | null;
  /** Object identifiers of critical extensions that are not understood here. */
  readonly unknownCritical: readonly string[];
}

const understood = new Set<string>([oids.authorityKeyIdentifier, oids.crlNumber, oids.issuingDistributionPoint, oids.deltaCrlIndicator]);

export function readCrlScope(extensions: Extensions): CrlScopeFields {
  const numberOf = (id: string): string | null => {
    const value = extensions.get(id)?.value;
    if (value === undefined) return null;
    const bytes = readUnsigned(onlyElement(value, tags.integer));
    if (bytes.length > 20) throw new DerError('a number of more than 20 octets');
    return BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString();
  };
  const keyId = authorityKeyIdOf(extensions);
  return {
    number: numberOf(oids.crlNumber),
    authorityKeyId: keyId === null ? null : Buffer.from(keyId).toString('hex'),
    uri: distributionUri(extensions.get(oids.issuingDistributionPoint)?.value),
    baseNumber: numberOf(oids.deltaCrlIndicator),
    unknownCritical: [...extensions].filter(([id, { critical }]) => critical && !understood.has(id)).map(([id]) => id),
  };
}

function distributionUri(value: Uint8Array | undefined): string | null {
  if (value === undefined) return null;
  const point = new DerReader(onlyElement(value, tags.sequence).content).optional(constructed(0));
  const full = point === null ? null : new DerReader(point.content).optional(constructed(0));
  const uri = full === null ? null : new DerReader(full.content).optional(0x86);
  return uri === null ? null : Buffer.from(uri.content).toString('latin1');
}
