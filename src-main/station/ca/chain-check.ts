import { createPublicKey, X509Certificate } from 'node:crypto';
import { Failure, unwrap } from '../../contract/index.ts';
import {
  algorithmName,
  algorithmOid,
  authorityKeyIdOf,
  basicConstraintsOf,
  commonNameOf,
  DerError,
  extendedKeyUsageOf,
  keyUsageBits,
  keyUsageOf,
  oids,
  readCertificateDer,
  sha256Hex,
  subjectKeyIdOf,
  type Certificate,
} from '../../der/index.ts';
import { describeName, sameName } from '../x509-files/index.ts';
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
  | 'name constraints'
  | 'serial number';

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
/** Of the search for a path: far more than any honest set of cross-signed CAs needs. */
const maxSteps = 500;

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
    throw asFailure(error);
  }
}

function check(request: ChainRequest): CheckedChain {
  const links = request.certificates.map(readLink);
  const own = ownLink(links, request);
  const ownWarnings: string[] = [];
  checkOwn(own, request, ownWarnings);
  if (isSelfIssued(own.read)) throw refused('root', `“${own.name}” is signed by itself, not by the customer’s CA`);
  const failures: Failure[] = [];
  for (const above of pathsAbove(own, links, request.now)) {
    try {
      const warnings = [...ownWarnings];
      checkPath([own, ...above], request, warnings);
      return { certificate: own.der, chain: above.map(({ der }) => der), warnings };
    } catch (error) {
      failures.push(asFailure(error));
    }
  }
  throw failures[0] ?? whyNoPath(own, links);
}

function checkPath(path: readonly Link[], request: ChainRequest, warnings: string[]): void {
  path.forEach((link, index) => checkLink(link, index, path, request, warnings));
  checkRoot(path, request.roots);
  checkNames(path, request.names);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof DerError) return refused('certificate', `one of the certificates cannot be read: ${error.message}`);
  throw error;
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

function ownLink(links: readonly Link[], { spki, now }: ChainRequest): Link {
  const fitting = links.filter(({ read }) => Buffer.compare(read.fields.spki, spki) === 0);
  const valid = fitting.filter((link) => isValidAt(link, now));
  // An expired copy beside the one that counts is no reason to refuse; alone, it is told that it has expired.
  const [own, ...more] = valid.length > 0 ? valid : fitting;
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

const isValidAt = ({ read: { fields } }: Link, now: number): boolean => fields.notBefore <= now && now < fields.notAfter;
const isRoot = (link: Link): boolean => isSelfIssued(link.read) && verifies(link, link);

/**
 * Every path from `own` to a root that the certificates allow, the likeliest first, each without `own` and with the root last: a CA may be
 * there several times (renewed, cross-signed, expired), and only some of its certificates lead on.
 */
function* pathsAbove(own: Link, links: readonly Link[], now: number): Generator<Link[]> {
  const parents = parentFinder(links, now);
  let steps = 0;
  yield* from([own]);

  function* from(path: readonly Link[]): Generator<Link[]> {
    if (++steps > maxSteps) throw refused('chain', 'its CAs signed each other in too many ways; give only the chain');
    for (const parent of parents(path.at(-1) ?? own)) {
      if (path.includes(parent)) continue;
      const longer = [...path, parent];
      if (isRoot(parent)) yield longer.slice(1);
      else if (longer.length <= maxDepth) yield* from(longer);
    }
  }
}

/** The certificates that may be above one: by name, signature and key identifier. The order of the file has no say. */
function parentFinder(links: readonly Link[], now: number): (link: Link) => readonly Link[] {
  const rank = (link: Link): number => (isValidAt(link, now) ? 0 : 2) + (isSelfIssued(link.read) ? 0 : 1);
  const sorted = [...links].sort(
    (a, b) => rank(a) - rank(b) || b.read.fields.notAfter - a.read.fields.notAfter || Buffer.compare(a.der, b.der),
  );
  const known = new Map<Link, readonly Link[]>();
  return (link) => {
    const found =
      known.get(link) ??
      sorted.filter((other) => other !== link && isNamedBy(link, other) && fitsKeyId(link, other) && verifies(link, other));
    known.set(link, found);
    return found;
  };
}

const isNamedBy = (link: Link, by: Link): boolean => sameName(by.read.fields.subject, link.read.fields.issuer);

function fitsKeyId(link: Link, by: Link): boolean {
  const keyId = authorityKeyIdOf(link.read.fields.extensions);
  const parentId = subjectKeyIdOf(by.read.fields.extensions);
  return keyId === null || parentId === null || Buffer.compare(keyId, parentId) === 0;
}

/** What is wrong where no path leads to a root: told of the first certificate that has nothing above it. */
function whyNoPath(own: Link, links: readonly Link[]): Failure {
  const seen = new Set<Link>([own]);
  for (const link of seen) {
    const others = links.filter((other) => other !== link);
    const parents = others.filter((other) => isNamedBy(link, other) && verifies(link, other));
    const fitting = parents.filter((other) => fitsKeyId(link, other));
    const [parent] = parents;
    if (fitting.length === 0 && parent !== undefined)
      return refused('issuer name', `the authority key identifier of “${link.name}” is not that of “${parent.name}”`);
    if (parent === undefined) return whyNoParent(link, others);
    fitting.forEach((one) => seen.add(one));
    if (seen.size > maxDepth) break;
  }
  return refused('chain', `there is no root within ${String(maxDepth)} CAs above “${own.name}”`);
}

function whyNoParent(link: Link, others: readonly Link[]): Failure {
  const issuer = nameOf(link.read.fields.issuer);
  const hasName = others.some((other) => isNamedBy(link, other));
  const signer = others.find((other) => verifies(link, other));
  if (isSelfIssued(link.read)) return refused('root', `“${link.name}” calls itself a root, but is not signed by itself`);
  if (signer !== undefined)
    return refused('issuer name', `“${link.name}” names “${issuer}” as its issuer, but was signed by the key of “${signer.name}”`);
  if (hasName) return refused('signature', `the signature of “${link.name}” does not verify with the key of “${issuer}” that is here`);
  return refused('chain', `it is not complete: the certificate of “${issuer}”, which signed “${link.name}”, is missing`);
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
  const isLast = index === path.length - 1;
  checkSerial(link);
  checkAlgorithms(link, isLast, warnings);
  checkValidity(link, index, request, warnings);
  const unknown = unknownCritical(link.read);
  if (unknown !== null)
    throw refused('critical extension', `“${link.name}” has the critical extension ${unknown}, which this station does not know`);
  if (index === 0) return;
  const wrong = whyNotIssuing(link.read, path.slice(0, index).filter((one) => !isSelfIssued(one.read)).length);
  if (wrong !== null) throw refused(wrong.check, `“${link.name}”, which signed “${path[index - 1]?.name ?? ''}”, ${wrong.problem}`);
  if (keyUsageOf(fields.extensions) === null) warnings.push(`“${link.name}” does not say its key usage; strict verifiers refuse that`);
  const purposes = extendedKeyUsageOf(fields.extensions);
  if (!isLast && purposes !== null && !purposes.includes(oids[request.purpose]) && !purposes.includes(oids.anyExtendedKeyUsage))
    throw refused('extended key usage', `“${link.name}” is limited to other purposes than ${request.purpose}`);
}

/** RFC 5280 4.1.2.2: who looks for it in a revocation list must find this one and no other. */
function checkSerial({ read: { fields }, name }: Link): void {
  const [first = 0] = fields.serial;
  const said = `the serial number of “${name}”`;
  if (first >= 0x80) throw refused('serial number', `${said} is negative`);
  if (fields.serial.every((octet) => octet === 0)) throw refused('serial number', `${said} is zero`);
  if (fields.serial.length > 20)
    throw refused('serial number', `${said} has ${String(fields.serial.length)} octets; at most 20 are allowed`);
}

function checkAlgorithms({ read, x509, name }: Link, isAnchor: boolean, warnings: string[]): void {
  if (!isStronglySigned(read)) {
    const said = `“${name}” is signed by ${algorithmName(algorithmOid(read.algorithm))}`;
    // Nobody relies on the signature of a root: it is trusted because it was given.
    if (!isAnchor) throw refused('weak algorithm', said);
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

function checkRoot(path: readonly Link[], roots: readonly string[] | null): void {
  const root = unwrap(path.at(-1), 'a path ends in a root');
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
