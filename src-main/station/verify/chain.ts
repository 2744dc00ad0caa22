import type { X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import type { ChainLink, ChainProblem } from '../../contract/index.ts';
import { DerReader, oids, readBoolean, readCertificateDer, readNumber, tags } from '../../der/index.ts';
import { instant } from '../clock.ts';
import { describeName, isNamedBy, namesOf } from '../x509-files/index.ts';

export interface ChainRules {
  /** CAs that we know: anchors, and what may be missing between. */
  readonly cas: readonly X509Certificate[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly use: 'server' | 'client';
  /** The name or address that the first certificate must be for. */
  readonly name?: string;
}

const usages = { server: oids.serverAuth, client: oids.clientAuth } as const;

/** Each certificate of a chain, leaf first, with what is wrong with it or with its link to the next one. */
export function judgeChain(chain: readonly X509Certificate[], rules: ChainRules): ChainLink[] {
  return chain.map((certificate, index) => ({
    subject: describeName(namesOf(certificate.raw).subject),
    issuer: describeName(namesOf(certificate.raw).issuer),
    serial: certificate.serialNumber.toUpperCase(),
    notBefore: instant(certificate.validFromDate.getTime()),
    notAfter: instant(certificate.validToDate.getTime()),
    names: certificate.subjectAltName ?? '',
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    problem: problemOf(certificate, index, chain, rules),
  }));
}

function problemOf(
  certificate: X509Certificate,
  index: number,
  chain: readonly X509Certificate[],
  { cas, now, use, name }: ChainRules,
): ChainProblem | null {
  const next = chain[index + 1];
  const named = [...(next === undefined ? [] : [next]), ...cas].filter((ca) => isNamedBy(certificate, ca));
  const signed = named.some((ca) => signedBy(certificate, ca));
  // A root that was sent has nobody above it: whether we know it is asked below.
  const isRoot = isNamedBy(certificate, certificate) && signedBy(certificate, certificate);
  if (!signed && !isRoot && named.length > 0) return 'signature';
  if (!signed && !isRoot && next !== undefined) return 'order';
  if (certificate.validToDate.getTime() <= now) return 'expired';
  if (certificate.validFromDate.getTime() > now) return 'not-yet-valid';
  if (index > 0 && !certificate.ca) return 'not-a-ca';
  if (index > 1 && pathLengthOf(certificate) < index - 1) return 'path-too-long';
  if (index === 0 && name !== undefined && checkServerIdentity(name, certificate.toLegacyObject()) !== undefined) return 'other-name';
  if (index === 0 && !isFor(certificate, use)) return 'wrong-use';
  if (!signed && !cas.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return 'issuer-unknown';
  return null;
}

/** Is it the issuer's signature? Keys of kinds that Node cannot use sign nothing. */
export function signedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  try {
    return certificate.verify(ca.publicKey);
  } catch {
    return false;
  }
}

/** Without an extended key usage a certificate is good for both (RFC 5280 4.2.1.12). Node calls the extended one `keyUsage`. */
function isFor(certificate: X509Certificate, use: 'server' | 'client'): boolean {
  // Undefined without the extension, whatever its type says.
  const usage: readonly string[] | undefined = certificate.keyUsage;
  return usage === undefined || usage.includes(usages[use]);
}

/** How many CAs may stand between it and a leaf (RFC 5280 4.2.1.9). */
function pathLengthOf(certificate: X509Certificate): number {
  const value = readCertificateDer(certificate.raw).fields.extensions.get(oids.basicConstraints)?.value;
  if (value === undefined) return Infinity;
  const constraints = new DerReader(value).enter(tags.sequence);
  const isCa = constraints.optional(tags.boolean);
  const length = isCa !== null && readBoolean(isCa) ? constraints.optional(tags.integer) : null;
  return length === null ? Infinity : readNumber(length);
}

const words: Readonly<Record<ChainProblem, string>> = {
  signature: 'was not signed by the CA whose name it carries as its issuer',
  order: 'is followed by a certificate that is not its issuer’s',
  expired: 'has expired',
  'not-yet-valid': 'is not valid yet',
  'not-a-ca': 'stands where a CA belongs and is none',
  'path-too-long': 'does not allow so many CAs below it',
  'other-name': 'is for another name',
  'wrong-use': 'is for another use',
  'issuer-unknown': 'was issued by a CA that is not known here',
  revoked: 'is revoked',
};

export const describeProblem = ({ subject, problem }: ChainLink): string =>
  problem === null ? `${subject} is good` : `${subject} ${words[problem]}`;
