import { createPublicKey, X509Certificate } from 'node:crypto';
import {
  algorithmName,
  algorithmOid,
  assertStrictDer,
  basicConstraintsOf,
  DerError,
  DerReader,
  keyUsageBits,
  keyUsageOf,
  oids,
  onlyElement,
  readCertificateDer,
  tags,
  type Certificate,
  type Extensions,
} from '../../../der/index.ts';
import { instant } from '../../clock.ts';
import { describeName, sameName } from '../../x509-files/index.ts';
import { nameConstraintsOf, whyNotAllowed, type NameConstraints } from '../name-constraints.ts';
import { isSelfIssued, isStronglySigned, unknownCritical, whyNotIssuing } from '../path-rules.ts';
import type { ChainLink, TrustAnchor } from './anchors.ts';
import { refuse } from './refusal.ts';

const bounds = { maxDepth: 16, maxElements: 600 };
const maxLinks = 8;

/** Certificates in the order in which they came. ATTESTATION_REFUSED (form, size). */
export function readChain(certificates: readonly Uint8Array[]): ChainLink[] {
  if (certificates.length === 0) throw refuse('form', 'there is no certificate in it');
  if (certificates.length > maxLinks) throw refuse('size', `it has more than ${String(maxLinks)} certificates`);
  return certificates.map((der, index) => {
    try {
      return readLink(der);
    } catch (thrown) {
      throw refuse('form', `certificate ${String(index + 1)}: ${thrown instanceof DerError ? thrown.message : 'it cannot be read'}`);
    }
  });
}

/** Throws whatever reader finds a fault. */
function readLink(der: Uint8Array): ChainLink {
  assertStrictDer(der, bounds);
  const read = readCertificateDer(der);
  // Reading a certificate, OpenSSL leaves its key as it stands; a point that is on no curve would first show when it has to verify something.
  const key = createPublicKey({ key: Buffer.from(read.fields.spki), format: 'der', type: 'spki' });
  return { x509: new X509Certificate(der), read, key };
}

/**
 * Path validation (RFC 5280 6.1) from the first certificate to a CA that the profile names; what the chain has above that is not looked at.
 * ATTESTATION_REFUSED names the check.
 * @param now Milliseconds since the epoch.
 */
export function validatePath(chain: readonly ChainLink[], anchors: readonly TrustAnchor[], now: number): TrustAnchor {
  const [leaf] = chain;
  if (leaf === undefined) throw refuse('form', 'there is no certificate in it');
  mustBeLeaf(leaf.read);
  const path: ChainLink[] = [];
  for (const link of chain) {
    path.push(link);
    const anchor = anchors.find((one) => isIssued(link, one.certificate));
    const root = anchor?.certificate ?? null;
    if (anchor === undefined || root === null) continue;
    const whole = [...path, root];
    for (const [index, one] of whole.entries()) mustHold(one.read, index, whole, now);
    return anchor;
  }
  throw refuse('chain', 'it does not lead to a CA that the profile names');

  function isIssued(subject: ChainLink, issuer: ChainLink | null): boolean {
    return issuer !== null && sameName(subject.read.fields.issuer, issuer.read.fields.subject) && subject.x509.verify(issuer.key);
  }
}

function mustBeLeaf({ fields }: Certificate): void {
  if (basicConstraintsOf(fields.extensions)?.ca === true) throw refuse('CA', 'its first certificate is the one of a CA, not of a device');
  const usage = keyUsageOf(fields.extensions);
  if (usage !== null && !usage.includes(keyUsageBits.digitalSignature))
    throw refuse('key usage', 'the key of its first certificate may not sign');
}

function mustHold(certificate: Certificate, index: number, path: readonly ChainLink[], now: number): void {
  const { fields } = certificate;
  const who = describe(certificate, index);
  if (now < fields.notBefore || now > fields.notAfter)
    throw refuse('validity', `${who} is good from ${instant(fields.notBefore)} to ${instant(fields.notAfter)}`);
  const unknown = unknownCritical(certificate);
  if (unknown !== null) throw refuse('critical extension', `${who} has ${unknown}, which nobody here understands`);
  const issuer = path[index + 1];
  if (issuer !== undefined) mustBeSignedBy(path[index], issuer, who);
  if (index === 0) return;
  const wrong = whyNotIssuing(certificate, path.slice(1, index).filter(({ read }) => !isSelfIssued(read)).length);
  if (wrong !== null) throw refuse(wrong.check, `${who} ${wrong.problem}`);
  const constraints = nameConstraintsOf(fields.extensions);
  if (constraints !== null) path.slice(0, index).forEach((link, place) => mustBeAllowed(link.read, place, constraints, who));
}

/** RFC 5280 4.2.1.10. Alternative names are not weighed: one of a kind that is constrained is refused. */
function mustBeAllowed(certificate: Certificate, index: number, constraints: NameConstraints, by: string): void {
  const { subject, extensions } = certificate.fields;
  const text = describe(certificate, index);
  const isEmpty = onlyElement(subject, tags.sequence).content.length === 0;
  const why = isEmpty ? null : whyNotAllowed({ kind: 'directory', der: subject, text }, constraints);
  if (why !== null) throw refuse('name constraints', `by ${by} ${why}`);
  if (alternativeNames(extensions).some((tag) => constraints.kinds.has(tag)))
    throw refuse('name constraints', `${by} constrains alternative names of a kind that ${text} has; they are not weighed here`);
}

/** Tags of the GeneralNames. */
function alternativeNames(extensions: Extensions): number[] {
  const value = extensions.get(oids.subjectAltName)?.value;
  if (value === undefined) return [];
  const list = new DerReader(onlyElement(value, tags.sequence).content);
  const found: number[] = [];
  while (!list.done) found.push(list.element().tag);
  return found;
}

function mustBeSignedBy(subject: ChainLink | undefined, issuer: ChainLink, who: string): void {
  if (subject === undefined) return;
  const { fields } = subject.read;
  if (!sameName(fields.issuer, issuer.read.fields.subject)) throw refuse('chain', `${who} names another issuer than the next one`);
  if (!isStronglySigned(subject.read))
    throw refuse('algorithm', `${who} is signed by ${algorithmName(algorithmOid(subject.read.algorithm))}`);
  if (!subject.x509.verify(issuer.key)) throw refuse('signature', `${who} is not signed by the next one`);
}

function describe({ fields }: Certificate, index: number): string {
  try {
    return `certificate ${String(index + 1)} (${describeName(fields.subject)})`;
  } catch {
    // A name with text of a kind that we do not read is still a name.
    return `certificate ${String(index + 1)}`;
  }
}
