import { X509Certificate } from 'node:crypto';
import {
  assertStrictDer,
  basicConstraintsOf,
  DerError,
  DerReader,
  describeName,
  keyUsageBits,
  keyUsageOf,
  oids,
  readCertificateDer,
  readOid,
  tags,
  type Certificate,
} from '../../../der/index.ts';
import { instant } from '../../clock.ts';
import type { TrustAnchor } from './anchors.ts';
import { checkNameConstraints } from './name-constraints.ts';
import { refuse } from './refusal.ts';

/** A certificate of a chain, and what is in it. */
export interface ChainLink {
  readonly x509: X509Certificate;
  readonly read: Certificate;
}

const bounds = { maxDepth: 16, maxElements: 600 };
const maxLinks = 8;

/** Certificates in the order in which they came. ATTESTATION_REFUSED (form, size). */
export function readChain(certificates: readonly Uint8Array[]): ChainLink[] {
  if (certificates.length === 0) throw refuse('form', 'there is no certificate in it');
  if (certificates.length > maxLinks) throw refuse('size', `it has more than ${String(maxLinks)} certificates`);
  return certificates.map((der, index) => {
    try {
      assertStrictDer(der, bounds);
      const x509 = new X509Certificate(der);
      // OpenSSL takes a key apart only when it is asked for; one that cannot be read is refused here.
      if (x509.publicKey.type !== 'public') throw refuse('form', 'a certificate without a public key');
      return { read: readCertificateDer(der), x509 };
    } catch (thrown) {
      throw refuse('form', `certificate ${String(index + 1)}: ${thrown instanceof DerError ? thrown.message : 'it cannot be read'}`);
    }
  });
}

const signatureAlgorithms = new Set<string>([
  oids.ecdsaWithSha256,
  oids.ecdsaWithSha384,
  oids.ecdsaWithSha512,
  oids.sha256WithRsa,
  oids.sha384WithRsa,
  oids.sha512WithRsa,
]);
/** Extensions that are looked at here, or bind nobody who only wants to know whose key it is. */
const known = new Set<string>([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectAltName,
  oids.nameConstraints,
  oids.certificatePolicies,
]);

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
    return (
      issuer !== null &&
      Buffer.compare(subject.read.fields.issuer, issuer.read.fields.subject) === 0 &&
      subject.x509.verify(issuer.x509.publicKey)
    );
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
  for (const [id, { critical }] of fields.extensions)
    if (critical && !known.has(id)) throw refuse('critical extension', `${who} has ${id}, which nobody here understands`);
  const issuer = path[index + 1];
  if (issuer !== undefined) mustBeSignedBy(path[index], issuer, who);
  if (index === 0) return;
  const constraints = basicConstraintsOf(fields.extensions);
  if (fields.version !== 3 || constraints?.ca !== true) throw refuse('CA', `${who} is not the one of a CA`);
  const usage = keyUsageOf(fields.extensions);
  if (usage !== null && !usage.includes(keyUsageBits.keyCertSign)) throw refuse('key usage', `${who} may not sign certificates`);
  const below = path.slice(1, index).filter(({ read }) => Buffer.compare(read.fields.issuer, read.fields.subject) !== 0).length;
  if (constraints.pathLength !== null && below > constraints.pathLength)
    throw refuse('path length', `${who} allows ${String(constraints.pathLength)} CAs below it, there are ${String(below)}`);
  checkNameConstraints(
    fields.extensions,
    path.slice(0, index).map(({ read }) => read),
    who,
  );
}

function mustBeSignedBy(subject: ChainLink | undefined, issuer: ChainLink, who: string): void {
  if (subject === undefined) return;
  const { fields, algorithm } = subject.read;
  if (Buffer.compare(fields.issuer, issuer.read.fields.subject) !== 0)
    throw refuse('chain', `${who} names another issuer than the next one`);
  const id = readOid(new DerReader(new DerReader(algorithm).element(tags.sequence).content).element(tags.oid));
  if (!signatureAlgorithms.has(id)) throw refuse('algorithm', `${who} is signed by ${id}`);
  if (!subject.x509.verify(issuer.x509.publicKey)) throw refuse('signature', `${who} is not signed by the next one`);
}

function describe({ fields }: Certificate, index: number): string {
  try {
    return `certificate ${String(index + 1)} (${describeName(fields.subject)})`;
  } catch {
    // A name with text of a kind that we do not read is still a name.
    return `certificate ${String(index + 1)}`;
  }
}
