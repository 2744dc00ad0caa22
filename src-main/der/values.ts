import { DerError, type Element } from './reader.ts';
import { tags } from './tags.ts';

/** Content of an INTEGER that is not negative, as big-endian bytes without padding. */
export function readUnsigned(element: Element): Uint8Array {
  const { content } = element;
  assertMinimalInteger(content);
  const first = content[0] ?? 0;
  if (first >= 0x80) throw new DerError('a negative number');
  return first === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** A small INTEGER or ENUMERATED as a number, below 2^53. */
export function readNumber(element: Element): number {
  const bytes = readUnsigned(element);
  if (bytes.length > 6) throw new DerError('a number that is too large');
  let value = 0;
  for (const octet of bytes) value = value * 256 + octet;
  return value;
}

export function assertMinimalInteger(content: Uint8Array): void {
  const [first, second] = content;
  if (first === undefined) throw new DerError('an INTEGER without bytes');
  if (second === undefined) return;
  if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) throw new DerError('a padded INTEGER');
}

export function readBoolean(element: Element): boolean {
  const { content } = element;
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('a BOOLEAN that is neither 00 nor FF');
  return content[0] === 0xff;
}

/** Content of a BIT STRING that fills whole bytes, as keys and signatures do. */
export function readBitBytes(element: Element): Uint8Array {
  if (element.content[0] !== 0) throw new DerError('a BIT STRING with odd bits where bytes belong');
  return element.content.subarray(1);
}

/** Numbers of the set bits of a named BIT STRING. */
export function readNamedBits(element: Element): number[] {
  assertBitString(element.content);
  const bits: number[] = [];
  const bytes = element.content.subarray(1);
  bytes.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) bits.push(index * 8 + bit);
  });
  return bits;
}

export function assertBitString(content: Uint8Array): void {
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    throw new DerError('a BIT STRING with a wrong count of unused bits');
  const last = content.at(-1) ?? 0;
  if (unused > 0 && (last & ((1 << unused) - 1)) !== 0) throw new DerError('a BIT STRING whose unused bits are not zero');
}

/** The dotted form of an OBJECT IDENTIFIER. */
export function readOid(element: Element): string {
  const { content } = element;
  if (content.length === 0 || (content.at(-1) ?? 0) >= 0x80) throw new DerError('an incomplete OBJECT IDENTIFIER');
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerError('a padded OBJECT IDENTIFIER');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw new DerError('an OBJECT IDENTIFIER that is too large');
    fresh = octet < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [head = 0, ...rest] = arcs;
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join('.');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Text of the string types that names use in practice. */
export function readText(element: Element): string {
  const { tag, content } = element;
  if (tag !== tags.utf8String && tag !== tags.printableString && tag !== tags.ia5String) throw new DerError('text of an unexpected type');
  if (tag !== tags.utf8String && content.some((octet) => octet >= 0x80)) throw new DerError('text with bytes outside its alphabet');
  try {
    return decoder.decode(content);
  } catch {
    throw new DerError('text that is not UTF-8');
  }
}
