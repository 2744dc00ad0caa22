import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { constructed, DerError, DerReader, onlyElement, readNumber, readOid, tags } from '../../der/index.ts';
import { badFile, Opener } from './encrypted.ts';
import { isNamedBy } from './names.ts';
import { derOf } from './tree.ts';

/** RFC 7292 and RFC 8018; only what files of today use. */
const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
} as const;
export interface Pkcs12 {
  /** Leaf first, then what leads up from it. */
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject;
}

const bad = badFile('p12');

/** Reads a PKCS#12 file with one key, DER or BER. INVALID_INPUT says what is wrong: damaged, wrong passphrase, old encryption, no key. */
export function readPkcs12(file: Uint8Array, passphrase: string): Pkcs12 {
  try {
    const contents = [...contentsOf(file, new Opener(passphrase, bad))];
    const [key, ...more] = contents.flatMap((one) => (one instanceof X509Certificate ? [] : [one]));
    if (key === undefined || more.length > 0)
      throw bad(key === undefined ? 'there is no private key in it' : 'there is more than one private key in it');
    return {
      certificates: chainFor(
        key,
        contents.filter((one) => one instanceof X509Certificate),
      ),
      key,
    };
  } catch (error) {
    if (error instanceof DerError) throw bad(`it is damaged or not PKCS#12 (${error.message})`);
    throw error;
  }
}

function chainFor(key: KeyObject, certificates: readonly X509Certificate[]): X509Certificate[] {
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) throw bad('no certificate in it belongs to its key');
  const chain = [leaf];
  for (let last = leaf; ;) {
    const above = certificates.find((one) => isNamedBy(last, one) && !chain.includes(one));
    if (above === undefined) return chain;
    chain.push(above);
    last = above;
  }
}

function* contentsOf(file: Uint8Array, opener: Opener): Generator<X509Certificate | KeyObject> {
  const pfx = new DerReader(onlyElement(derOf(file), tags.sequence).content);
  if (readNumber(pfx.element(tags.integer)) !== 3) throw new DerError('not version 3');
  const outer = pfx.enter(tags.sequence);
  if (readOid(outer.element(tags.oid)) !== data) throw bad('it is protected by a public key, not by a passphrase');
  const authenticated = derOf(outer.enter(constructed(0)).element(tags.octetString).content);
  const safes = new DerReader(onlyElement(authenticated, tags.sequence).content);
  while (!safes.done) {
    const safe = safes.enter(tags.sequence);
    const type = readOid(safe.element(tags.oid));
    const content = safe.enter(constructed(0));
    if (type === data) yield* bagsOf(derOf(content.element(tags.octetString).content), opener);
    else if (type === encryptedData) yield* bagsOf(decrypted(content.enter(tags.sequence), opener), opener);
    else throw new DerError(`content of an unknown kind, ${type}`);
  }
}

function decrypted(content: DerReader, opener: Opener): Uint8Array {
  content.element(tags.integer);
  const info = content.enter(tags.sequence);
  info.element(tags.oid);
  const algorithm = info.enter(tags.sequence);
  // [0] IMPLICIT OCTET STRING, which NSS writes in pieces.
  const inPieces = info.optional(constructed(0));
  return opener.decrypt(algorithm, inPieces === null ? info.element(0x80).content : joined(inPieces.content));
}

function joined(content: Uint8Array): Buffer {
  const pieces: Uint8Array[] = [];
  for (const reader = new DerReader(content); !reader.done;) pieces.push(reader.element(tags.octetString).content);
  return Buffer.concat(pieces);
}

function* bagsOf(bytes: Uint8Array, opener: Opener): Generator<X509Certificate | KeyObject> {
  const list = new DerReader(onlyElement(bytes, tags.sequence).content);
  while (!list.done) {
    const bag = list.enter(tags.sequence);
    const kind = readOid(bag.element(tags.oid));
    const value = bag.element(constructed(0)).content;
    if (kind === bags.key) yield privateKey(value);
    else if (kind === bags.shroudedKey) yield privateKey(opener.privateKeyInfo(value));
    else if (kind === bags.certificate) yield certificate(value);
  }
}

function certificate(value: Uint8Array): X509Certificate {
  const bag = new DerReader(onlyElement(value, tags.sequence).content);
  bag.element(tags.oid);
  try {
    return new X509Certificate(bag.enter(constructed(0)).element(tags.octetString).content);
  } catch (error) {
    if (error instanceof DerError) throw error;
    throw bad('a certificate in it is damaged');
  }
}

function privateKey(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    throw bad('its private key cannot be read');
  }
}
