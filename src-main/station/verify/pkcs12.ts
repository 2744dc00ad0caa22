import { createDecipheriv, createHash, createPrivateKey, pbkdf2Sync, X509Certificate, type KeyObject } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { constructed, DerError, DerReader, onlyElement, readNumber, readOid, tags, type Element } from '../../der/index.ts';

/** RFC 7292 and RFC 8018; only what files of today use. */
const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
} as const;
const pbes2 = '1.2.840.113549.1.5.13';
const sha1And3Des = '1.2.840.113549.1.12.1.3';
const ciphers: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};
const digests: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
/** A file may ask for any number of rounds; more than this, a few seconds, is an attack on our time. Programs write 2,048 to 600,000. */
const maxRounds = 1_000_000;

export interface Pkcs12 {
  /** Leaf first, then what leads up from it. */
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject;
}

const bad = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'p12', problem });

/** Reads a PKCS#12 file with one key. INVALID_INPUT says what is wrong: damaged, wrong passphrase, old encryption, no key. */
export function readPkcs12(file: Uint8Array, passphrase: string): Pkcs12 {
  try {
    const contents = [...contentsOf(file, passphrase)];
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
    const above = certificates.find((one) => one.subject === last.issuer && !chain.includes(one));
    if (above === undefined) return chain;
    chain.push(above);
    last = above;
  }
}

function* contentsOf(file: Uint8Array, passphrase: string): Generator<X509Certificate | KeyObject> {
  const pfx = new DerReader(onlyElement(file, tags.sequence).content);
  if (readNumber(pfx.element(tags.integer)) !== 3) throw new DerError('not version 3');
  const outer = pfx.enter(tags.sequence);
  if (readOid(outer.element(tags.oid)) !== data) throw bad('it is protected by a public key, not by a passphrase');
  const safes = new DerReader(onlyElement(outer.enter(constructed(0)).element(tags.octetString).content, tags.sequence).content);
  while (!safes.done) {
    const safe = safes.enter(tags.sequence);
    const type = readOid(safe.element(tags.oid));
    const content = safe.enter(constructed(0));
    if (type === data) yield* bagsOf(content.element(tags.octetString).content, passphrase);
    else if (type === encryptedData) yield* bagsOf(decrypted(content.enter(tags.sequence), passphrase), passphrase);
    else throw new DerError(`content of an unknown kind, ${type}`);
  }
}

function decrypted(content: DerReader, passphrase: string): Uint8Array {
  content.element(tags.integer);
  const info = content.enter(tags.sequence);
  info.element(tags.oid);
  const algorithm = info.enter(tags.sequence);
  // [0] IMPLICIT OCTET STRING.
  return decrypt(algorithm, info.element(0x80).content, passphrase);
}

function* bagsOf(bytes: Uint8Array, passphrase: string): Generator<X509Certificate | KeyObject> {
  const list = new DerReader(onlyElement(bytes, tags.sequence).content);
  while (!list.done) {
    const bag = list.enter(tags.sequence);
    const kind = readOid(bag.element(tags.oid));
    const value = bag.element(constructed(0)).content;
    if (kind === bags.key) yield privateKey(value);
    else if (kind === bags.shroudedKey) yield privateKey(value, passphrase);
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

function privateKey(der: Uint8Array, passphrase?: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    throw bad('its private key cannot be read: wrong passphrase, or encryption that is no longer supported');
  }
}

function decrypt(algorithm: DerReader, bytes: Uint8Array, passphrase: string): Uint8Array {
  const kind = readOid(algorithm.element(tags.oid));
  const parameters = algorithm.enter(tags.sequence);
  if (kind !== pbes2 && kind !== sha1And3Des)
    throw bad(
      'its encryption is no longer supported; convert it with “openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW”',
    );
  const { cipher, key, iv } = kind === pbes2 ? pbes2Key(parameters, passphrase) : tripleDesKey(parameters, passphrase);
  try {
    const open = createDecipheriv(cipher, key, iv);
    return Buffer.concat([open.update(bytes), open.final()]);
  } catch {
    throw bad('the passphrase is wrong');
  }
}

interface CipherKey {
  readonly cipher: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

function pbes2Key(parameters: DerReader, passphrase: string): CipherKey {
  const derivation = parameters.enter(tags.sequence);
  derivation.element(tags.oid);
  const pbkdf2 = derivation.enter(tags.sequence);
  const salt = pbkdf2.element(tags.octetString).content;
  const rounds = roundsOf(pbkdf2.element(tags.integer));
  pbkdf2.optional(tags.integer);
  const prf = pbkdf2.optional(tags.sequence);
  const digest = prf === null ? 'sha1' : digests[readOid(new DerReader(prf.content).element(tags.oid))];
  const scheme = parameters.enter(tags.sequence);
  const cipher = ciphers[readOid(scheme.element(tags.oid))];
  if (cipher === undefined || digest === undefined) throw bad('its encryption is not supported');
  const iv = scheme.element(tags.octetString).content;
  return { cipher: cipher.name, key: pbkdf2Sync(passphrase, salt, rounds, cipher.keyBytes, digest), iv };
}

function tripleDesKey(parameters: DerReader, passphrase: string): CipherKey {
  const salt = parameters.element(tags.octetString).content;
  const rounds = roundsOf(parameters.element(tags.integer));
  const derive = (id: number, bytes: number): Buffer => deriveSha1(passphrase, salt, rounds, id, bytes);
  return { cipher: 'des-ede3-cbc', key: derive(1, 24), iv: derive(2, 8) };
}

function roundsOf(element: Element): number {
  const rounds = readNumber(element);
  if (rounds < 1 || rounds > maxRounds) throw bad(`it asks for ${rounds} rounds of key derivation`);
  return rounds;
}

/** The key derivation of PKCS#12 itself (RFC 7292 B.2) with SHA-1: u = 20 bytes, v = 64 bytes. */
function deriveSha1(passphrase: string, salt: Uint8Array, rounds: number, id: number, bytes: number): Buffer {
  const v = 64;
  const filled = (text: Uint8Array): Buffer => Buffer.alloc(Math.ceil(text.length / v) * v, text.length === 0 ? 0 : text);
  const bmp = Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  const input = Buffer.concat([filled(salt), filled(bmp)]);
  const blocks: Buffer[] = [];
  for (let made = 0; made < bytes; made += 20) {
    let block = createHash('sha1').update(Buffer.alloc(v, id)).update(input).digest();
    for (let round = 1; round < rounds; round++) block = createHash('sha1').update(block).digest();
    blocks.push(block);
    const add = Buffer.alloc(v, block);
    for (let at = 0; at < input.length; at += v) {
      let carry = 1;
      for (let i = v - 1; i >= 0; i--) {
        carry += (input[at + i] ?? 0) + (add[i] ?? 0);
        input[at + i] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}
