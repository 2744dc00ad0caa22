import { oids } from './oids.ts';
import { constructed, primitive, tags } from './tags.ts';

/** Identifier and length octets of an element with `length` content bytes. */
export function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.from([tag, 0x80 | octets.length, ...octets]);
}

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  return Buffer.concat([header(tag, length), ...parts]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(tags.sequence, ...parts);
/** A SET OF with one member. */
export const set = (member: Uint8Array): Buffer => tlv(tags.set, member);
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Buffer => tlv(constructed(n), ...parts);
export const implicit = (n: number, content: Uint8Array): Buffer => tlv(primitive(n), content);
export const octetString = (...parts: readonly Uint8Array[]): Buffer => tlv(tags.octetString, ...parts);
export const utf8String = (text: string): Buffer => tlv(tags.utf8String, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Buffer => tlv(tags.boolean, Buffer.from([value ? 0xff : 0x00]));
export const nothing = Buffer.from([tags.null, 0x00]);

/** A BIT STRING whose bits fill whole bytes. */
export const bitString = (bytes: Uint8Array): Buffer => tlv(tags.bitString, Buffer.from([0]), bytes);

/** A BIT STRING of named bits (X.690 11.2.2: trailing zero bits are left out). `bits` are bit numbers. */
export function namedBits(bits: readonly number[]): Buffer {
  const highest = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return tlv(tags.bitString, Buffer.from([7 - (highest & 7)]), bytes);
}

/** An INTEGER from big-endian bytes without a sign; leading zeroes are dropped or added as DER wants. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const body = bytes.subarray(start);
  const padded = body.length === 0 || (body[0] ?? 0) >= 0x80;
  return padded ? tlv(tags.integer, Buffer.from([0]), body) : tlv(tags.integer, body);
}

/** A non-negative INTEGER below 2^53. */
export function integer(value: number): Buffer {
  const digits = value.toString(16);
  return unsignedInteger(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

export const enumerated = (value: number): Buffer => tlv(tags.enumerated, Buffer.from([value]));

/** An OBJECT IDENTIFIER from its dotted form. */
export const oid = (dotted: string): Buffer => ours.get(dotted) ?? encodeOid(dotted);

function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) groups.unshift(0x80 | (high % 128));
    octets.push(...groups);
  }
  return tlv(tags.oid, Buffer.from(octets));
}

/** Those of our own table stand in every certificate. */
const ours: ReadonlyMap<string, Buffer> = new Map(Object.values(oids).map((id) => [id, encodeOid(id)]));
