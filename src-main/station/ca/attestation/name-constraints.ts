import {
  DerError,
  DerReader,
  constructed,
  oids,
  onlyElement,
  primitive,
  tags,
  type Certificate,
  type Extensions,
} from '../../../der/index.ts';
import { refuse } from './refusal.ts';

/** GeneralName (RFC 5280 4.2.1.6): directoryName. */
const directoryName = constructed(4);

interface Subtrees {
  readonly permitted: readonly Uint8Array[] | null;
  readonly excluded: readonly Uint8Array[];
  /** Tags of other kinds of names that are constrained. */
  readonly others: ReadonlySet<number>;
}

/**
 * RFC 5280 4.2.1.10 for directory names, compared as they are encoded. Constraints on other kinds of names are not weighed: a certificate
 * with a name of such a kind is refused. ATTESTATION_REFUSED (name constraints, form).
 */
export function checkNameConstraints(extensions: Extensions, below: readonly Certificate[], who: string): void {
  const value = extensions.get(oids.nameConstraints)?.value;
  if (value === undefined) return;
  try {
    const trees = readConstraints(value);
    for (const { fields } of below) {
      const names = rdns(fields.subject);
      const empty = names.length === 0;
      const within = (base: Uint8Array): boolean => isWithin(names, rdns(base));
      if (!empty && (trees.excluded.some(within) || trees.permitted?.some(within) === false))
        throw refuse('name constraints', `${who} does not allow the name of a certificate below it`);
      for (const tag of alternativeNames(fields.extensions))
        if (trees.others.has(tag)) throw refuse('name constraints', `${who} constrains names of a kind that is not weighed here`);
    }
  } catch (thrown) {
    throw thrown instanceof DerError ? refuse('form', `${who}: ${thrown.message}`) : thrown;
  }
}

function readConstraints(value: Uint8Array): Subtrees {
  const reader = new DerReader(onlyElement(value, tags.sequence).content);
  const permitted = reader.optional(constructed(0));
  const excluded = reader.optional(constructed(1));
  reader.finish();
  const others = new Set<number>();
  const bases = (content: Uint8Array): Uint8Array[] => {
    const list = new DerReader(content);
    const found: Uint8Array[] = [];
    while (!list.done) {
      const subtree = list.enter(tags.sequence);
      const base = subtree.element();
      // minimum and maximum are not used in this profile (4.2.1.10).
      if (subtree.peek() === primitive(0) || subtree.peek() === primitive(1)) throw new DerError('a subtree with a minimum or maximum');
      subtree.finish();
      if (base.tag === directoryName) found.push(onlyElement(base.content, tags.sequence).bytes);
      else others.add(base.tag);
    }
    return found;
  };
  const allowed = permitted === null ? null : bases(permitted.content);
  return {
    permitted: allowed === null || allowed.length === 0 ? null : allowed,
    excluded: excluded === null ? [] : bases(excluded.content),
    others,
  };
}

/** The relative names of a Name, each as it is encoded. */
function rdns(name: Uint8Array): Uint8Array[] {
  const reader = new DerReader(onlyElement(name, tags.sequence).content);
  const found: Uint8Array[] = [];
  while (!reader.done) found.push(reader.element(tags.set).bytes);
  return found;
}

const isWithin = (name: readonly Uint8Array[], base: readonly Uint8Array[]): boolean =>
  base.every((part, index) => Buffer.compare(part, name[index] ?? new Uint8Array()) === 0);

function alternativeNames(extensions: Extensions): number[] {
  const value = extensions.get(oids.subjectAltName)?.value;
  if (value === undefined) return [];
  const list = new DerReader(onlyElement(value, tags.sequence).content);
  const found: number[] = [];
  while (!list.done) found.push(list.element().tag);
  return found;
}
