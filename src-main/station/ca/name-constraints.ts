import { DerError, DerReader, oids, onlyElement, primitive, readNumber, tags, type Extensions } from '../../der/index.ts';
import { describeName, startsWithName } from '../x509-files/index.ts';

/** GeneralName kinds (RFC 5280 4.2.1.6) by their tags. */
const kinds: Readonly<Record<number, NameKind>> = { 0x82: 'dns', 0xa4: 'directory', 0x86: 'uri', 0x87: 'ip' };
export type NameKind = 'dns' | 'directory' | 'uri' | 'ip';

export interface Subtree {
  readonly kind: NameKind;
  readonly base: Uint8Array;
}

/** RFC 5280 4.2.1.10, of one CA certificate. */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
  /** Tags of all kinds of names that something is said about, also of those that are not weighed here. */
  readonly kinds: ReadonlySet<number>;
}

/** A name that a certificate of ours will have: text, or for a directory name its DER. */
export type OurName =
  | { readonly kind: 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array; readonly text: string }
  | { readonly kind: 'directory'; readonly der: Uint8Array; readonly text: string };

/** Null where a certificate has none. Subtrees of kinds that are not weighed here are left out, and stand in `kinds`. */
export function nameConstraintsOf(extensions: Extensions): NameConstraints | null {
  const value = extensions.get(oids.nameConstraints)?.value;
  if (value === undefined) return null;
  const reader = new DerReader(onlyElement(value, tags.sequence).content);
  const permitted = reader.optional(0xa0);
  const excluded = reader.optional(0xa1);
  reader.finish();
  const tagsSeen = new Set<number>();
  return { permitted: subtrees(permitted?.content, tagsSeen), excluded: subtrees(excluded?.content, tagsSeen), kinds: tagsSeen };
}

function subtrees(content: Uint8Array | undefined, tagsSeen: Set<number>): Subtree[] {
  if (content === undefined) return [];
  const found: Subtree[] = [];
  const list = new DerReader(content);
  while (!list.done) {
    const subtree = list.enter(tags.sequence);
    const base = subtree.element();
    // RFC 5280 wants minimum to be 0, which some CAs write out, and no maximum.
    const minimum = subtree.optional(primitive(0));
    if (minimum !== null && readNumber(minimum) !== 0) throw new DerError('name constraints with a minimum other than 0');
    subtree.finish();
    tagsSeen.add(base.tag);
    const kind = kinds[base.tag];
    if (kind !== undefined) found.push({ kind, base: base.content });
  }
  return found;
}

/** Why this name is not allowed by these constraints; null when it is. */
export function whyNotAllowed(name: OurName, { permitted, excluded }: NameConstraints): string | null {
  const own = (list: readonly Subtree[]): Subtree[] => list.filter(({ kind }) => kind === name.kind);
  const hit = own(excluded).find((subtree) => isWithin(name, subtree));
  if (hit !== undefined) return `“${name.text}” is excluded (${describe(hit)})`;
  const allowed = own(permitted);
  if (allowed.length === 0 || allowed.some((subtree) => isWithin(name, subtree))) return null;
  return `“${name.text}” is not permitted (permitted: ${allowed.map(describe).join('; ')})`;
}

function isWithin(name: OurName, { base }: Subtree): boolean {
  switch (name.kind) {
    case 'directory':
      return startsWithName(name.der, base);
    case 'ip':
      return isInRange(name.bytes, base);
    case 'dns':
      return isDomainBelow(name.text, ascii(base), true);
    case 'uri':
      return isDomainBelow(hostOf(name.text), ascii(base), false);
  }
}

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').toLowerCase();
const hostOf = (uri: string): string => /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)/iu.exec(uri)?.[1] ?? '';

/** A host name and what is below it; for URIs only with a dot in front (RFC 5280 4.2.1.10). */
function isDomainBelow(host: string, base: string, alsoBelow: boolean): boolean {
  const lower = host.toLowerCase();
  if (base === '') return true;
  if (base.startsWith('.')) return lower.endsWith(base) && lower.length > base.length;
  return lower === base || (alsoBelow && lower.endsWith(`.${base}`));
}

function isInRange(address: Uint8Array, base: Uint8Array): boolean {
  const { length } = address;
  if (base.length !== 2 * length) return false;
  return address.every((octet, index) => (octet & (base[length + index] ?? 0)) === ((base[index] ?? 0) & (base[length + index] ?? 0)));
}

function describe({ kind, base }: Subtree): string {
  if (kind === 'ip') return [...base].join('.');
  if (kind !== 'directory') return ascii(base) || 'any';
  try {
    return describeName(base) || 'any name';
  } catch (error) {
    if (error instanceof DerError) return 'a name that cannot be read';
    throw error;
  }
}
