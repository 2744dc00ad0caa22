import { basicConstraintsOf, isStrongAlgorithm, keyUsageBits, keyUsageOf, oids, type Certificate } from '../../der/index.ts';
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
/** A name that signed itself, or its own next key; it does not count for a path length (RFC 5280 6.1.4 l). */
export const isSelfIssued = ({ fields }: Certificate): boolean => sameName(fields.subject, fields.issuer);

/** A critical extension that nobody here understands. */
export function unknownCritical({ fields }: Certificate): string | null {
  for (const [id, { critical }] of fields.extensions) if (critical && !understood.has(id)) return id;
  return null;
}

/** Is it signed over a hash that still holds? */
export const isStronglySigned = ({ algorithm }: Certificate): boolean => isStrongAlgorithm(algorithm);

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
