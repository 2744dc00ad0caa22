import { oids } from './oids.ts';
import { DerReader, onlyElement } from './reader.ts';
import { tags } from './tags.ts';
import { readOid, readText } from './values.ts';
import { oid, sequence, tlv, utf8String } from './writer.ts';

export interface NameParts {
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly commonName: string;
}

/** A Name with at most an O and an OU, and one CN, in UTF8String. */
export function name(parts: NameParts): Buffer {
  const relative = (type: string, text: string): Buffer => tlv(tags.set, sequence(oid(type), utf8String(text)));
  const optional = (type: string, text: string | undefined): Buffer[] => (text === undefined ? [] : [relative(type, text)]);
  return sequence(
    ...optional(oids.organizationName, parts.organization),
    ...optional(oids.organizationalUnitName, parts.organizationalUnit),
    relative(oids.commonName, parts.commonName),
  );
}

/** Attribute types and texts of a Name in order. Values that are not text throw a DerError. */
export function readName(bytes: Uint8Array): { readonly type: string; readonly text: string }[] {
  const found: { type: string; text: string }[] = [];
  const names = new DerReader(onlyElement(bytes, tags.sequence).content);
  while (!names.done) {
    const relative = names.enter(tags.set);
    while (!relative.done) {
      const attribute = relative.enter(tags.sequence);
      const type = readOid(attribute.element(tags.oid));
      found.push({ type, text: readText(attribute.element()) });
      attribute.finish();
    }
  }
  return found;
}

/** Whether a Name is as `name` writes one: each part has one attribute, and none stands twice, so that nobody reads another name from it. */
export function isPlainName(bytes: Uint8Array): boolean {
  const names = new DerReader(onlyElement(bytes, tags.sequence).content);
  let parts = 0;
  for (; !names.done; parts++) names.enter(tags.set);
  const types = readName(bytes).map(({ type }) => type);
  return types.length === parts && new Set(types).size === parts;
}

/** The one common name, or null when there is none or more than one. */
export function commonNameOf(bytes: Uint8Array): string | null {
  const names = readName(bytes).filter((part) => part.type === oids.commonName);
  return names.length === 1 ? (names[0]?.text ?? null) : null;
}
