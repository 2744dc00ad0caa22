import forge from 'node-forge';
import { DerError } from '../../der/index.ts';

const { Class, Type } = forge.asn1;
// The types that @types/node-forge has lack an option of 1.4.
const options = { strict: true, parseAllBytes: true, decodeBitStrings: false };

/** BER or DER as a tree. DerError when it is damaged. */
export function parse(bytes: Uint8Array): forge.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'), options as never);
  } catch {
    throw new DerError('a length that is wrong');
  }
}

/** The same file with definite lengths and strings in one piece: NSS, Java and Windows write BER. DerError when it is damaged. */
export const derOf = (file: Uint8Array): Buffer => bytesIn(whole(parse(file)));

/** The bytes of an element and its header. */
export const bytesIn = (element: forge.asn1.Asn1): Buffer => Buffer.from(forge.asn1.toDer(element).getBytes(), 'latin1');

function whole(element: forge.asn1.Asn1): forge.asn1.Asn1 {
  const { tagClass, type, value } = element;
  if (typeof value === 'string') return element;
  const children = value.map(whole);
  if (tagClass !== Class.UNIVERSAL || type !== Type.OCTETSTRING) return { ...element, value: children };
  return forge.asn1.create(tagClass, type, false, children.map(bytesOf).join(''));
}

/** DerError for an element that holds no others. */
export function childrenOf({ value }: forge.asn1.Asn1): forge.asn1.Asn1[] {
  if (typeof value === 'string') throw new DerError('bytes where other elements belong');
  return value;
}

export function bytesOf({ value }: forge.asn1.Asn1): string {
  if (typeof value !== 'string') throw new DerError('elements where bytes belong');
  return value;
}

/** Dotted. DerError for more than 53 bits in a part, which no type that anybody uses has. */
export function oidOf(element: forge.asn1.Asn1): string {
  const bytes = bytesOf(element);
  try {
    return forge.asn1.derToOid(bytes);
  } catch {
    throw new DerError('an object identifier that is damaged');
  }
}
