import { createPublicKey, X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import {
  algorithmName,
  algorithmOid,
  authorityKeyIdOf,
  basicConstraintsOf,
  commonNameOf,
  DerError,
  describeName,
  extendedKeyUsageOf,
  keyUsageBits,
  keyUsageOf,
  oids,
  readCertificateDer,
  sha256Hex,
  subjectKeyIdOf,
  type Certificate,
} from '../../der/index.ts';
import { nameConstraintsOf, whyNotAllowed, type OurName } from './name-constraints.ts';
import { isSelfIssued, isStronglySigned, unknownCritical, whyNotIssuing } from './path-rules.ts';

/** The checks on a certificate that a customer's CA issued, by the name that a refusal gives. */
export type ChainCheck =
  | 'certificate'
  | 'key match'
  | 'subject'
  | 'CA'
  | 'key usage'
  | 'extended key usage'
  | 'path length'
  | 'validity'
  | 'weak algorithm'
  | 'critical extension'
  | 'issuer name'
  | 'signature'
  | 'chain'
  | 'root'
  | 'name constraints';

export interface ChainRequest {
  /** DER, in any order: ours, those above it, and whatever else is in the file. */
  readonly certificates: readonly Buffer[];
  /** SubjectPublicKeyInfo of our key. */
  readonly spki: Uint8Array;
  /** clientAuth for devices, serverAuth for brokers. */
  readonly purpose: 'clientAuth' | 'serverAuth';
  /** Names that certificates below it will have. */
  readonly names: readonly OurName[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long it must be good from now on, with everything above it. */
  readonly days: number;
  /** SHA-256 of root certificates, of which one must be at the end; null: any. */
  readonly roots: readonly string[] | null;
}

export interface CheckedChain {
  readonly certificate: Buffer;
  /** Above it, the nearest first, the root last. */
  readonly chain: readonly Buffer[];
  /** What works, and strict verifiers will not like. */
  readonly warnings: readonly string[];
}

const dayMs = 86_400_000;
const maxDepth = 8;

const refused = (check: ChainCheck, problem: string): Failure => new Failure('ISSUER_REFUSED', { check, problem });

/** A certificate with what is read from it. */
interface Link {
  readonly der: Buffer;
  readonly x509: X509Certificate;
  readonly read: Certificate;
  readonly name: string;
}

/**
 * The path from our certificate to a root, built from whatever is there and checked (RFC 5280 6.1, and what is asked for here).
 * ISSUER_REFUSED {check, problem} with the first check that fails.
 */
export function checkChain(request: ChainRequest): CheckedChain {
  try {
    return check(request);
  } catch (error) {
    throw error instanceof DerError ? refused('certificate', `one of the certificates cannot be read: ${error.message}`) : error;
  }
}

function check(request: ChainRequest): CheckedChain {
  const links = request.certificates.map(readLink);
  const own = ownLink(links, request.spki);
  const warnings: string[] = [];
  checkOwn(own, request, warnings);
  const above = pathAbove(own, links);
  const path = [own, ...above];
  path.forEach((link, index) => checkLink(link, index, path, request, warnings));
  checkRoot(above, request.roots);
  checkNames(path, request.names);
  return { certificate: own.der, chain: above.map(({ der }) => der), warnings };
}

function readLink(der: Buffer): Link {
  try {
    const read = readCertificateDer(der);
    return { der, x509: new X509Certificate(der), read, name: nameOf(read.fields.subject) };
  } catch {
    throw refused('certificate', 'one of the certificates is damaged');
  }
}

/** For people; a name of an unusual kind is no reason to refuse anything. */
function nameOf(name: Uint8Array): string {
  try {
    return describeName(name);
  } catch (error) {
    if (error instanceof DerError) return 'a CA with an unreadable name';
    throw error;
  }
}

function ownLink(links: readonly Link[], spki: Uint8Array): Link {
  const fitting = links.filter(({ read }) => Buffer.compare(read.fields.spki, spki) === 0);
  const [own, ...more] = fitting;
  if (own === undefined)
    throw refused(
      'key match',
      `none of the ${String(links.length)} certificates is for the key ${sha256Hex(spki).slice(0, 16)}… that this station made`,
    );
  if (more.length > 0) throw refused('key match', 'there are several certificates for the key of this station; give only the newest');
  return own;
}

function checkOwn({ read, name }: Link, { purpose }: ChainRequest, warnings: string[]): void {
  const { extensions, subject, version } = read.fields;
  if (version !== 3) throw refused('CA', `“${name}” is a version ${String(version)} certificate, which cannot say that it is a CA’s`);
  let commonName: string | null = null;
  try {
    commonName = commonNameOf(subject);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  if (commonName === null || commonName.length > 64)
    throw refused('subject', `“${name}” does not have one common name of at most 64 characters`);
  const constraints = basicConstraintsOf(extensions);
  if (constraints?.ca !== true) throw refused('CA', `“${name}” is not the certificate of a CA (basicConstraints CA:TRUE is missing)`);
  const usage = keyUsageOf(extensions);
  const missing = (['keyCertSign', 'cRLSign'] as const).filter((one) => usage?.includes(keyUsageBits[one]) !== true);
  if (missing.length > 0) throw refused('key usage', `“${name}” may not be used for ${missing.join(' and ')}`);
  const purposes = extendedKeyUsageOf(extensions);
  if (purposes !== null && !purposes.includes(oids[purpose]) && !purposes.includes(oids.anyExtendedKeyUsage))
    throw refused('extended key usage', `“${name}” is limited to other purposes than ${purpose}`);
  if (extensions.get(oids.basicConstraints)?.critical !== true)
    warnings.push(`“${name}”: basicConstraints is not critical; strict verifiers refuse that`);
  if (subjectKeyIdOf(extensions) === null) warnings.push(`“${name}” has no subject key identifier; strict verifiers refuse that`);
  if (authorityKeyIdOf(extensions) === null) warnings.push(`“${name}” has no authority key identifier; strict verifiers refuse that`);
  if (constraints.pathLength !== 0) warnings.push(`“${name}” does not say pathlen:0; CAs below it would be good, too`);
}

/** What is above, the root last. */
function pathAbove(own: Link, links: readonly Link[]): Link[] {
  const above: Link[] = [];
  for (let link = own; !isSelfIssued(link.read) || link === own;) {
    if (link === own && isSelfIssued(own.read)) throw refused('root', `“${own.name}” is signed by itself, not by the customer’s CA`);
    const next = parentOf(
      link,
      links.filter((other) => other !== own && !above.includes(other)),
    );
    above.push(next);
    if (above.length > maxDepth) throw refused('chain', `there are more than ${String(maxDepth)} CAs above “${own.name}”`);
    link = next;
  }
  return above;
}

function parentOf(link: Link, others: readonly Link[]): Link {
  const { issuer, extensions } = link.read.fields;
  const named = others.filter(({ read }) => Buffer.compare(read.fields.subject, issuer) === 0);
  const signed = named.filter((other) => verifies(link, other));
  const [parent] = signed;
  if (parent === undefined) {
    const signer = others.find((other) => verifies(link, other));
    if (signer !== undefined)
      throw refused('issuer name', `“${link.name}” names “${nameOf(issuer)}” as its issuer, but was signed by the key of “${signer.name}”`);
    if (named.length > 0)
      throw refused('signature', `the signature of “${link.name}” does not verify with the key of “${nameOf(issuer)}” that is here`);
    throw refused('chain', `it is not complete: the certificate of “${nameOf(issuer)}”, which signed “${link.name}”, is missing`);
  }
  const keyId = authorityKeyIdOf(extensions);
  const parentId = subjectKeyIdOf(parent.read.fields.extensions);
  if (keyId !== null && parentId !== null && Buffer.compare(keyId, parentId) !== 0)
    throw refused('issuer name', `the authority key identifier of “${link.name}” is not that of “${parent.name}”`);
  return parent;
}

function verifies(link: Link, by: Link): boolean {
  try {
    return link.x509.verify(createPublicKey({ key: Buffer.from(by.read.fields.spki), format: 'der', type: 'spki' }));
  } catch {
    // A key of a kind that cannot have made this signature.
    return false;
  }
}

function checkLink(link: Link, index: number, path: readonly Link[], request: ChainRequest, warnings: string[]): void {
  const { fields } = link.read;
  const isRoot = index === path.length - 1;
  checkAlgorithms(link, isRoot, warnings);
  checkValidity(link, index, request, warnings);
  const unknown = unknownCritical(link.read);
  if (unknown !== null)
    throw refused('critical extension', `“${link.name}” has the critical extension ${unknown}, which this station does not know`);
  if (index === 0) return;
  const wrong = whyNotIssuing(link.read, path.slice(0, index).filter((one) => !isSelfIssued(one.read)).length);
  if (wrong !== null) throw refused(wrong.check, `“${link.name}”, which signed “${path[index - 1]?.name ?? ''}”, ${wrong.problem}`);
  if (keyUsageOf(fields.extensions) === null) warnings.push(`“${link.name}” does not say its key usage; strict verifiers refuse that`);
  const purposes = extendedKeyUsageOf(fields.extensions);
  if (!isRoot && purposes !== null && !purposes.includes(oids[request.purpose]) && !purposes.includes(oids.anyExtendedKeyUsage))
    throw refused('extended key usage', `“${link.name}” is limited to other purposes than ${request.purpose}`);
}

function checkAlgorithms({ read, x509, name }: Link, isRoot: boolean, warnings: string[]): void {
  if (!isStronglySigned(read)) {
    const said = `“${name}” is signed by ${algorithmName(algorithmOid(read.algorithm))}`;
    // Nobody relies on the signature of a root: it is trusted because it was given.
    if (!isRoot) throw refused('weak algorithm', said);
    warnings.push(`${said}; of a root nobody relies on it`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: key } = x509.publicKey;
  const bits = key?.modulusLength ?? 0;
  if ((type === 'rsa' || type === 'rsa-pss') && bits < 2048)
    throw refused('weak algorithm', `“${name}” has an RSA key of ${String(bits)} bits; 2048 are needed`);
  const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
  if (type === 'ec' && !curves.includes(key?.namedCurve ?? ''))
    throw refused(
      'weak algorithm',
      `“${name}” has a key on ${key?.namedCurve === undefined ? 'a curve without a name' : `the curve ${key.namedCurve}`}`,
    );
  if (type !== 'rsa' && type !== 'rsa-pss' && type !== 'ec' && type !== 'ed25519')
    throw refused('weak algorithm', `“${name}” has a key of ${type === undefined ? 'a type that nobody here can read' : `type ${type}`}`);
}

function checkValidity({ read, name }: Link, index: number, { now, days }: ChainRequest, warnings: string[]): void {
  const { notBefore, notAfter } = read.fields;
  const date = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  if (notBefore > now) throw refused('validity', `“${name}” is not valid before ${date(notBefore)} UTC; it is ${date(now)}`);
  if (notAfter <= now) throw refused('validity', `“${name}” has ended ${date(notAfter)} UTC`);
  const left = Math.floor((notAfter - now) / dayMs);
  // It was made some hours ago, and lives whole days.
  if (left < days - 1) throw refused('validity', `“${name}” ends in ${String(left)} days; at least ${String(days)} are wanted`);
  if (index > 0 && left < 2 * days) warnings.push(`“${name}” ends ${date(notAfter)} UTC: nothing below it is good after that`);
}

function checkRoot(above: readonly Link[], roots: readonly string[] | null): void {
  const root = above.at(-1);
  if (root === undefined || !verifies(root, root))
    throw refused('root', `“${root?.name ?? ''}” calls itself a root, but is not signed by itself`);
  const fingerprint = sha256Hex(root.der);
  if (roots !== null && !roots.includes(fingerprint))
    throw refused('root', `“${root.name}” (${fingerprint}) is not the root that was agreed on (${roots.join(' or ')})`);
}

function checkNames(path: readonly Link[], names: readonly OurName[]): void {
  path.forEach((link, index) => {
    const constraints = nameConstraintsOf(link.read.fields.extensions);
    if (constraints === null) return;
    // The CAs below it have to keep to it like everybody else.
    const cas = path.slice(0, index).map(({ read, name }): OurName => ({ kind: 'directory', der: read.fields.subject, text: name }));
    for (const name of [...cas, ...names]) {
      const why = whyNotAllowed(name, constraints);
      if (why !== null) throw refused('name constraints', `by “${link.name}” ${why}`);
    }
  });
}
