import { isUtf8 } from 'node:buffer';
import { DerError, DerReader, type Element } from './reader.ts';
import { tags } from './tags.ts';
import { assertBitString, assertMinimalInteger, readBoolean, readOid } from './values.ts';

export interface StrictLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
}

/**
 * Walks the whole encoding and throws a DerError at the first thing that is BER, damaged, or beyond the limits.
 * Time and memory are bounded by the limits and the length of the bytes. Nothing may follow the one element.
 */
export function assertStrictDer(bytes: Uint8Array, limits: StrictLimits): void {
  const stack = [new DerReader(bytes)];
  let elements = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.done) {
      stack.pop();
      continue;
    }
    const element = top.element();
    if (stack.length === 1) top.finish();
    if (++elements > limits.maxElements) throw new DerError(`more than ${limits.maxElements} elements`);
    assertForm(element);
    if ((element.tag & 0x20) === 0) continue;
    if (stack.length >= limits.maxDepth) throw new DerError(`nested deeper than ${limits.maxDepth}`);
    stack.push(new DerReader(element.content));
  }
  if (elements === 0) throw new DerError('no bytes');
}

/** Universal types only: the meaning of context tags is known to whoever reads them. */
function assertForm(element: Element): void {
  if ((element.tag & 0xc0) !== 0) return;
  const isConstructed = (element.tag & 0x20) !== 0;
  const mustBe = element.tag === tags.sequence || element.tag === tags.set;
  if (isConstructed !== mustBe) throw new DerError(`a constructed form that DER does not have (tag ${element.tag})`);
  switch (element.tag) {
    case tags.boolean:
      readBoolean(element);
      return;
    case tags.integer:
    case tags.enumerated:
      assertMinimalInteger(element.content);
      return;
    case tags.bitString:
      assertBitString(element.content);
      return;
    case tags.oid:
      readOid(element);
      return;
    case tags.null:
      if (element.content.length > 0) throw new DerError('a NULL with content');
      return;
    case tags.utf8String:
      if (!isUtf8(element.content)) throw new DerError('a UTF8String that is not UTF-8');
      return;
    case tags.bmpString:
    case tags.universalString:
      if (element.content.length % (element.tag === tags.bmpString ? 2 : 4) !== 0)
        throw new DerError('a string that ends within a character');
      return;
    case tags.set:
      assertSorted(element.content);
      return;
    default:
      return;
  }
}

/** X.690 11.6: the members of a SET OF are in ascending order. */
function assertSorted(content: Uint8Array): void {
  const reader = new DerReader(content);
  let last: Uint8Array | null = null;
  while (!reader.done) {
    const { bytes } = reader.element();
    if (last !== null && Buffer.compare(last, bytes) > 0) throw new DerError('a SET that is not in order');
    last = bytes;
  }
}
