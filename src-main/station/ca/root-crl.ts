import { Failure } from '../../contract/index.ts';
import {
  algorithmName,
  algorithmOid,
  isStrongAlgorithm,
  verifySignature,
  constructed,
  DerError,
  DerReader,
  keyUsageBits,
  keyUsageOf,
  oids,
  onlyElement,
  primitive,
  readBitBytes,
  readCertificateDer,
  readExtensions,
  readNumber,
  readTime,
  readUnsigned,
  sha256Hex,
  tags,
  type Extensions,
} from '../../der/index.ts';
import { instant } from '../clock.ts';
import { dersOf, sameName, X509FileError } from '../x509-files/index.ts';

export type RootCrlCheck = 'list' | 'issuer' | 'signature' | 'key usage' | 'validity' | 'number' | 'scope' | 'weak algorithm';

export interface RootCrl {
  /** Fingerprint of the CA that signed it, SHA-256 of its certificate. */
  readonly fingerprint: string;
  readonly der: Buffer;
  /** Decimal; null where it has none. */
  readonly number: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly entries: number;
  /** Serial numbers that it names, of those that were asked for. */
  readonly named: readonly string[];
}

export interface RootCrlRequest {
  /** PEM or DER. */
  readonly file: Uint8Array;
  /** Certificates of customers' CAs above this station's issuers, DER. */
  readonly cas: readonly Buffer[];
  /** What is held of a CA now, by its fingerprint. */
  readonly held: (fingerprint: string) => { readonly number: string | null; readonly thisUpdate: string } | null;
  /** Serial numbers (upper-case hex) of certificates that matter here. */
  readonly serials: readonly string[];
  readonly now: number;
}

const refused = (check: RootCrlCheck, problem: string): Failure => new Failure('ROOT_CRL_REFUSED', { check, problem });
/** Clocks of two computers. */
const skewMs = 5 * 60_000;

/** Reads and checks the revocation list of a customer's CA. ROOT_CRL_REFUSED {check, problem} with the first check that fails. */
export function checkRootCrl(request: RootCrlRequest): RootCrl {
  try {
    return check(toDer(request.file), request);
  } catch (error) {
    throw error instanceof DerError ? refused('list', `it is damaged: ${error.message}`) : error;
  }
}

function toDer(file: Uint8Array): Buffer {
  try {
    const [list, second] = dersOf(file, 'X509 CRL');
    if (list === undefined) throw refused('list', 'there is no revocation list in it');
    if (second !== undefined) throw refused('list', 'there is more than one revocation list in it; give one at a time');
    return list;
  } catch (error) {
    throw error instanceof X509FileError ? refused('list', error.message) : error;
  }
}

interface Parsed {
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly list: Uint8Array;
  readonly extensions: Extensions;
}

function parse(der: Buffer): Parsed {
  const outer = new DerReader(onlyElement(der, tags.sequence).content);
  const tbs = outer.element(tags.sequence);
  const algorithm = outer.element(tags.sequence).bytes;
  const signature = readBitBytes(outer.element(tags.bitString));
  outer.finish();
  const reader = new DerReader(tbs.content);
  reader.optional(tags.integer);
  reader.element(tags.sequence);
  const issuer = reader.element(tags.sequence).bytes;
  const thisUpdate = readTime(reader.element());
  const hasNext = reader.peek() === tags.utcTime || reader.peek() === tags.generalizedTime;
  const nextUpdate = hasNext ? readTime(reader.element()) : null;
  const list = reader.optional(tags.sequence)?.content ?? new Uint8Array();
  const wrapped = reader.optional(constructed(0));
  reader.finish();
  const extensions: Extensions = wrapped === null ? new Map() : readExtensions(wrapped.content, 'foreign');
  return { tbs: tbs.bytes, algorithm, signature, issuer, thisUpdate, nextUpdate, list, extensions };
}

function check(der: Buffer, { cas, held, serials, now }: RootCrlRequest): RootCrl {
  const crl = parse(der);
  const fingerprint = sha256Hex(signerOf(crl, cas));
  checkScope(crl.extensions);
  const { thisUpdate, nextUpdate } = crl;
  if (thisUpdate > now + skewMs) throw refused('validity', `it begins in the future (${instant(thisUpdate)})`);
  if (nextUpdate === null) throw refused('validity', 'it does not say when the next one comes');
  if (nextUpdate <= now) throw refused('validity', `it ended ${instant(nextUpdate)}`);
  const value = crl.extensions.get(oids.crlNumber)?.value;
  const number = value === undefined ? null : BigInt(`0x${Buffer.from(readUnsigned(onlyElement(value, tags.integer))).toString('hex')}`);
  const before = held(fingerprint);
  if (before?.number !== undefined && before.number !== null && number !== null && number < BigInt(before.number))
    throw refused('number', `number ${String(number)} is older than ${before.number}, which is here already`);
  if (before !== null && Date.parse(before.thisUpdate) > thisUpdate)
    throw refused('number', `it was made ${instant(thisUpdate)}, before the one that is here already (${before.thisUpdate})`);
  const { entries, named } = entriesOf(crl.list, new Set(serials));
  return {
    fingerprint,
    der,
    number: number === null ? null : number.toString(),
    thisUpdate: instant(thisUpdate),
    nextUpdate: instant(nextUpdate),
    entries,
    named,
  };
}

/** The certificate of the CA that signed it. */
function signerOf(crl: Parsed, cas: readonly Buffer[]): Buffer {
  const known = cas.map((der) => ({ der, fields: readCertificateDer(der).fields }));
  const named = known.filter(({ fields }) => sameName(fields.subject, crl.issuer));
  if (named.length === 0) throw refused('issuer', 'it is not from a CA above an issuer of this station');
  if (!isStrongAlgorithm(crl.algorithm))
    throw refused('weak algorithm', `it is signed by ${algorithmName(algorithmOid(crl.algorithm))}, which is weak or not known here`);
  const signer = named.find(({ fields }) => verifySignature(crl.algorithm, crl.tbs, fields.spki, crl.signature));
  if (signer === undefined) throw refused('signature', 'its signature does not verify with the key of that CA');
  const usage = keyUsageOf(signer.fields.extensions);
  if (usage !== null && !usage.includes(keyUsageBits.cRLSign)) throw refused('key usage', 'that CA may not sign revocation lists');
  return signer.der;
}

/** A whole list of that CA's own certificates, not a delta and not a part that leaves CAs out. */
function checkScope(extensions: Extensions): void {
  const known = new Set<string>([oids.authorityKeyIdentifier, oids.crlNumber, oids.issuingDistributionPoint]);
  for (const [id, { critical }] of extensions) {
    if (id === oids.deltaCrlIndicator) throw refused('scope', 'it is a delta, not a whole list');
    if (critical && !known.has(id)) throw refused('scope', `it has the critical extension ${id}, which this station does not know`);
  }
  const point = extensions.get(oids.issuingDistributionPoint)?.value;
  if (point === undefined) return;
  const reader = new DerReader(onlyElement(point, tags.sequence).content);
  reader.optional(constructed(0));
  const limits: readonly (readonly [tag: number, problem: string | null])[] = [
    [primitive(1), 'it is about the certificates of users only, not of CAs'],
    // onlyContainsCACerts: these are what is asked about here.
    [primitive(2), null],
    [primitive(3), 'it is about some reasons only'],
    [primitive(4), 'it is about certificates of other CAs'],
    [primitive(5), 'it is about attribute certificates only'],
  ];
  for (const [tag, problem] of limits) {
    if (reader.optional(tag) !== null && problem !== null) throw refused('scope', problem);
  }
}

function entriesOf(list: Uint8Array, wanted: ReadonlySet<string>): { entries: number; named: string[] } {
  const reader = new DerReader(list);
  const named: string[] = [];
  let entries = 0;
  while (!reader.done) {
    const entry = reader.enter(tags.sequence);
    const serial = Buffer.from(readUnsigned(entry.element(tags.integer)))
      .toString('hex')
      .toUpperCase();
    readTime(entry.element());
    entries++;
    const extensions = entry.optional(tags.sequence);
    const reason = extensions === null ? undefined : readExtensions(extensions.bytes).get(oids.reasonCode)?.value;
    const removed = reason !== undefined && readNumber(onlyElement(reason, tags.enumerated)) === 8;
    if (!removed && wanted.has(serial)) named.push(serial);
  }
  return { entries, named };
}
