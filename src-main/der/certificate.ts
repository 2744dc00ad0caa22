import { oids } from './oids.ts';
import { DerError, DerReader, onlyElement } from './reader.ts';
import { constructed, primitive, tags } from './tags.ts';
import { readTime } from './time.ts';
import { readBitBytes, readBoolean, readNamedBits, readNumber, readOid } from './values.ts';

export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}
export type Extensions = ReadonlyMap<string, Extension>;

/** A tbsCertificate taken apart; names, key and algorithm as they stand in the bytes. Times in ms since the epoch. */
export interface TbsCertificate {
  /** 1, 2 or 3. */
  readonly version: number;
  /** Content of the serial number INTEGER. */
  readonly serial: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: Extensions;
}

export interface Certificate {
  readonly tbs: Uint8Array;
  readonly fields: TbsCertificate;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** `ours`: as DER and RFC 5280 have it, byte for byte. `foreign`: with what other CAs write, too: unique identifiers, and a default written out. */
type Form = 'ours' | 'foreign';

/** Takes a tbsCertificate apart. Throws a DerError on anything that has no place there. */
export function readTbsCertificate(bytes: Uint8Array, form: Form = 'ours'): TbsCertificate {
  const reader = new DerReader(onlyElement(bytes, tags.sequence).content);
  const explicitVersion = reader.optional(constructed(0));
  const version = explicitVersion === null ? 1 : readNumber(onlyElement(explicitVersion.content, tags.integer)) + 1;
  const serial = reader.element(tags.integer).content;
  const algorithm = reader.element(tags.sequence).bytes;
  const issuer = reader.element(tags.sequence).bytes;
  const validity = reader.enter(tags.sequence);
  const [notBefore, notAfter] = [readTime(validity.element()), readTime(validity.element())];
  validity.finish();
  const subject = reader.element(tags.sequence).bytes;
  const spki = reader.element(tags.sequence).bytes;
  if (form === 'foreign') for (const uniqueId of [1, 2]) reader.optional(primitive(uniqueId));
  const wrapped = reader.optional(constructed(3));
  const extensions = wrapped === null ? new Map<string, Extension>() : readExtensions(wrapped.content, form);
  reader.finish();
  return { version, serial, algorithm, issuer, notBefore, notAfter, subject, spki, extensions };
}

export function readCertificateDer(der: Uint8Array): Certificate {
  const reader = new DerReader(onlyElement(der, tags.sequence).content);
  const tbs = reader.element(tags.sequence).bytes;
  const algorithm = reader.element(tags.sequence).bytes;
  const signature = readBitBytes(reader.element(tags.bitString));
  reader.finish();
  const fields = readTbsCertificate(tbs, 'foreign');
  if (Buffer.compare(algorithm, fields.algorithm) !== 0) throw new DerError('two different signature algorithms in one certificate');
  return { tbs, fields, algorithm, signature };
}

/** An Extensions SEQUENCE; an extension that comes twice is an error (RFC 5280 4.2). */
export function readExtensions(bytes: Uint8Array, form: Form = 'ours'): Extensions {
  const found = new Map<string, Extension>();
  const list = new DerReader(onlyElement(bytes, tags.sequence).content);
  while (!list.done) {
    const extension = list.enter(tags.sequence);
    const id = readOid(extension.element(tags.oid));
    const flag = extension.optional(tags.boolean);
    const critical = flag !== null && readBoolean(flag);
    if (flag !== null && !critical && form === 'ours') throw new DerError('a default that is written out');
    const value = extension.element(tags.octetString).content;
    extension.finish();
    if (found.has(id)) throw new DerError(`extension ${id} twice`);
    found.set(id, { critical, value });
  }
  return found;
}

const valueOf = (extensions: Extensions, id: string): Uint8Array | null => extensions.get(id)?.value ?? null;

export function basicConstraintsOf(extensions: Extensions): { readonly ca: boolean; readonly pathLength: number | null } | null {
  const value = valueOf(extensions, oids.basicConstraints);
  if (value === null) return null;
  const reader = new DerReader(onlyElement(value, tags.sequence).content);
  const flag = reader.optional(tags.boolean);
  const limit = reader.optional(tags.integer);
  reader.finish();
  return { ca: flag !== null && readBoolean(flag), pathLength: limit === null ? null : readNumber(limit) };
}

export function keyUsageOf(extensions: Extensions): readonly number[] | null {
  const value = valueOf(extensions, oids.keyUsage);
  return value === null ? null : readNamedBits(onlyElement(value, tags.bitString));
}

export function extendedKeyUsageOf(extensions: Extensions): readonly string[] | null {
  const value = valueOf(extensions, oids.extendedKeyUsage);
  if (value === null) return null;
  const list = new DerReader(onlyElement(value, tags.sequence).content);
  const found: string[] = [];
  while (!list.done) found.push(readOid(list.element(tags.oid)));
  return found;
}

export function subjectKeyIdOf(extensions: Extensions): Uint8Array | null {
  const value = valueOf(extensions, oids.subjectKeyIdentifier);
  return value === null ? null : onlyElement(value, tags.octetString).content;
}

export function authorityKeyIdOf(extensions: Extensions): Uint8Array | null {
  const value = valueOf(extensions, oids.authorityKeyIdentifier);
  if (value === null) return null;
  const reader = new DerReader(onlyElement(value, tags.sequence).content);
  const id = reader.optional(primitive(0))?.content ?? null;
  // authorityCertIssuer and authorityCertSerialNumber: some roots name the certificate above as well.
  reader.optional(constructed(1));
  reader.optional(primitive(2));
  reader.finish();
  return id;
}

/** The object identifier of an AlgorithmIdentifier. */
export const algorithmOid = (algorithm: Uint8Array): string =>
  readOid(new DerReader(onlyElement(algorithm, tags.sequence).content).element(tags.oid));
