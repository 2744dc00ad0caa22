import {
  algorithmOid,
  basicConstraintsOf,
  constructed,
  DerReader,
  keyUsageBits,
  keyUsageOf,
  oids,
  onlyElement,
  tags,
  type Certificate,
} from '../../der/index.ts';
import { sameName } from '../x509-files/index.ts';

// What every path is held to, the one above our own CAs and the one above a device's key. How a path is found, for how long it has to be good and
// what is said of a fault is each one's own.

/** Critical extensions that are looked at, or that bind nobody who asks whose key it is. */
const understood = new Set<string>([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectAltName,
  oids.nameConstraints,
  oids.certificatePolicies,
  oids.crlDistributionPoints,
]);
const strongSignatures = new Set<string>([
  oids.ecdsaWithSha256,
  oids.ecdsaWithSha384,
  oids.ecdsaWithSha512,
  oids.sha256WithRsa,
  oids.sha384WithRsa,
  oids.sha512WithRsa,
  oids.ed25519,
]);
const strongHashes = new Set<string>([oids.sha256, oids.sha384, oids.sha512]);

/** A name that signed itself, or its own next key; it does not count for a path length (RFC 5280 6.1.4 l). */
export const isSelfIssued = ({ fields }: Certificate): boolean => sameName(fields.subject, fields.issuer);

/** A critical extension that nobody here understands. */
export function unknownCritical({ fields }: Certificate): string | null {
  for (const [id, { critical }] of fields.extensions) if (critical && !understood.has(id)) return id;
  return null;
}

/** Is it signed over a hash that still holds? A PSS signature says in its parameters which; where it does not, it is SHA-1 (RFC 4055 3.1). */
export function isStronglySigned({ algorithm }: Certificate): boolean {
  const id = algorithmOid(algorithm);
  if (id !== oids.rsaPss) return strongSignatures.has(id);
  const reader = new DerReader(onlyElement(algorithm, tags.sequence).content);
  reader.element(tags.oid);
  const hash = reader.done ? null : reader.enter(tags.sequence).optional(constructed(0));
  return hash !== null && strongHashes.has(algorithmOid(hash.content));
}

export interface IssuingFault {
  readonly check: 'CA' | 'key usage' | 'path length';
  /** Goes after the name of the certificate. */
  readonly problem: string;
}

/**
 * Why the owner of this certificate may not have issued the next one of the path (RFC 5280 6.1.4 k–n); null when it may.
 * @param below How many CAs are between it and the end of the path.
 */
export function whyNotIssuing({ fields }: Certificate, below: number): IssuingFault | null {
  const constraints = fields.version === 3 ? basicConstraintsOf(fields.extensions) : null;
  if (constraints?.ca !== true) return { check: 'CA', problem: 'is not the certificate of a CA' };
  const usage = keyUsageOf(fields.extensions);
  if (usage !== null && !usage.includes(keyUsageBits.keyCertSign)) return { check: 'key usage', problem: 'may not sign certificates' };
  const { pathLength } = constraints;
  if (pathLength !== null && below > pathLength)
    return { check: 'path length', problem: `allows ${String(pathLength)} CAs below it; there would be ${String(below)}` };
  return null;
}
