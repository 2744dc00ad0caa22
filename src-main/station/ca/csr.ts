import { verify, type KeyObject } from 'node:crypto';
import { Failure, limits, type KeyAlgorithm } from '../../contract/index.ts';
import {
  algorithmName,
  assertStrictDer,
  constructed,
  DerError,
  DerReader,
  importSpki,
  oids,
  onlyElement,
  readBitBytes,
  readNumber,
  readOid,
  readPublicKeyInfo,
  sha256Hex,
  tags,
  type Element,
} from '../../der/index.ts';

export interface CsrPolicy {
  readonly keyAlgorithms: readonly KeyAlgorithm[];
}

/** All that is taken from a device's request; subject and extensions come from the work order (pki.md). */
export interface CheckedCsr {
  readonly spki: Buffer;
  readonly spkiSha256: string;
  readonly algorithm: KeyAlgorithm;
}

const bounds = { maxDepth: 12, maxElements: 200 };

/**
 * Checks a PKCS#10 request: size, strict DER, kind of key, and proof of possession over the bytes as they came.
 * CSR_TOO_LARGE, CSR_NOT_DER, CSR_KEY_REFUSED or CSR_SIGNATURE_BAD.
 */
export function checkCsr(csr: Uint8Array, policy: CsrPolicy): CheckedCsr {
  const { checked, hash, info, key, signature } = readCsr(csr, policy);
  if (!verify(hash, info, key, signature)) throw new Failure('CSR_SIGNATURE_BAD');
  return checked;
}

/** The same with the proof of possession verified on another thread: a line goes on meanwhile. */
export async function checkCsrSoon(csr: Uint8Array, policy: CsrPolicy): Promise<CheckedCsr> {
  const { checked, hash, info, key, signature } = readCsr(csr, policy);
  const good = await new Promise<boolean>((resolve, reject) => {
    verify(hash, info, key, signature, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
  if (!good) throw new Failure('CSR_SIGNATURE_BAD');
  return checked;
}

interface ReadCsr {
  /** What it is when its signature is good. */
  readonly checked: CheckedCsr;
  readonly hash: string;
  readonly info: Uint8Array;
  readonly key: KeyObject;
  readonly signature: Uint8Array;
}

/** Everything but the proof of possession. */
function readCsr(csr: Uint8Array, policy: CsrPolicy): ReadCsr {
  if (csr.length > limits.csrBytes) throw new Failure('CSR_TOO_LARGE', { bytes: csr.length, limit: limits.csrBytes });
  const request = readRequest(csr);
  const { algorithm } = request;
  if (algorithm === null || !policy.keyAlgorithms.includes(algorithm)) throw refuse(request.described, policy);
  const hash = hashes(algorithm)[request.signatureAlgorithm];
  if (hash === undefined) throw refuse(`${algorithm}, signed by ${algorithmName(request.signatureAlgorithm)}`, policy);
  const key = importKey(request.spki, policy);
  const checked = { spki: Buffer.from(request.spki), spkiSha256: sha256Hex(request.spki), algorithm };
  return { checked, hash, info: request.info, key, signature: request.signature };
}

interface Request {
  readonly info: Uint8Array;
  readonly spki: Uint8Array;
  readonly algorithm: KeyAlgorithm | null;
  readonly described: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

function readRequest(csr: Uint8Array): Request {
  try {
    assertStrictDer(csr, bounds);
    const outer = new DerReader(onlyElement(csr, tags.sequence).content);
    const info = outer.element(tags.sequence);
    const signatureAlgorithm = readSignatureAlgorithm(outer.enter(tags.sequence));
    const signature = readBitBytes(outer.element(tags.bitString));
    outer.finish();

    const body = new DerReader(info.content);
    if (readNumber(body.element(tags.integer)) !== 0) throw new DerError('a request of an unknown version');
    assertName(body.element(tags.sequence).content);
    const spki = body.element(tags.sequence).bytes;
    assertAttributes(body.optional(constructed(0)));
    body.finish();
    const { algorithm, described } = readPublicKeyInfo(spki);
    return { info: info.bytes, spki, algorithm, described, signatureAlgorithm, signature };
  } catch (error) {
    if (error instanceof DerError) throw new Failure('CSR_NOT_DER', { problem: error.message });
    throw error;
  }
}

/** UTF8, Numeric, Printable, T61, IA5, Visible, Universal and BMPString. */
const textTags = new Set([12, 18, 19, 20, 22, 26, 28, 30]);

/** The subject is not used, whatever types its strings have; that it is a Name is asked, as of all of a request. */
function assertName(content: Uint8Array): void {
  for (const parts = new DerReader(content); !parts.done;) {
    const relative = parts.enter(tags.set);
    if (relative.done) throw new DerError('a part of a name without anything in it');
    while (!relative.done) {
      const attribute = relative.enter(tags.sequence);
      readOid(attribute.element(tags.oid));
      if (!textTags.has(attribute.element().tag)) throw new DerError('a name with something other than text in it');
      attribute.finish();
    }
  }
}

/** RFC 2986 4.1. What the attributes say is not used, but a request that others cannot read is none. Some devices leave the empty [0] out. */
function assertAttributes(attributes: Element | null): void {
  const list = new DerReader(attributes?.content ?? new Uint8Array());
  while (!list.done) {
    const attribute = list.enter(tags.sequence);
    readOid(attribute.element(tags.oid));
    if (attribute.element(tags.set).content.length === 0) throw new DerError('an attribute without a value');
    attribute.finish();
  }
}

/**
 * Old Nordic modems write ecdsa-with-SHA256 with NULL parameters against RFC 5758 3.2; the bytes are verified as they are. Other algorithms have
 * parameters of their own, and are refused by their name.
 */
function readSignatureAlgorithm(reader: DerReader): string {
  const id = readOid(reader.element(tags.oid));
  if (id in ecHashes || id in rsaHashes) reader.optional(tags.null);
  else if (!reader.done) reader.element();
  reader.finish();
  return id;
}

const ecHashes: Readonly<Record<string, string>> = { [oids.ecdsaWithSha256]: 'sha256', [oids.ecdsaWithSha384]: 'sha384' };
const rsaHashes: Readonly<Record<string, string>> = {
  [oids.sha256WithRsa]: 'sha256',
  [oids.sha384WithRsa]: 'sha384',
  [oids.sha512WithRsa]: 'sha512',
};
const hashes = (algorithm: KeyAlgorithm): Readonly<Record<string, string>> => (algorithm.startsWith('ec') ? ecHashes : rsaHashes);

function importKey(spki: Uint8Array, policy: CsrPolicy): KeyObject {
  try {
    return importSpki(spki);
  } catch (error) {
    throw error instanceof DerError ? refuse(error.message, policy) : error;
  }
}

function refuse(found: string, policy: CsrPolicy): Failure {
  return new Failure('CSR_KEY_REFUSED', { found, allowed: policy.keyAlgorithms.join(', ') });
}
