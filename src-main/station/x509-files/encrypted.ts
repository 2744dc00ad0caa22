import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { Failure } from '../../contract/index.ts';
import { DerReader, onlyElement, readNumber, readOid, tags, type Element } from '../../der/index.ts';
import { derOf } from './tree.ts';

/** RFC 8018 and RFC 7292 appendix C; only what programs of today write. */
const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';
const sha1And3Des = '1.2.840.113549.1.12.1.3';
const ciphers: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};
const sha1 = { name: 'sha1', bytes: 20 };
const digests: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  '1.2.840.113549.2.7': sha1,
  '1.2.840.113549.2.9': { name: 'sha256', bytes: 32 },
  '1.2.840.113549.2.10': { name: 'sha384', bytes: 48 },
  '1.2.840.113549.2.11': { name: 'sha512', bytes: 64 },
};
/**
 * A file may ask for any number of rounds; more than this in all of it, a few seconds, is an attack on our time. Programs write 2,048 to
 * 600,000 for each of its two or three parts, and a digest that is shorter than the key needs them twice.
 */
const maxRounds = 4_000_000;

/** What is wrong with the file of this field: INVALID_INPUT. */
export const badFile =
  (field: string) =>
  (problem: string): Failure =>
    new Failure('INVALID_INPUT', { field, problem });

interface CipherKey {
  readonly cipher: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/**
 * Opens the encrypted parts of one file with its passphrase. Not left to OpenSSL, which makes as many rounds of key derivation as the file
 * asks for: 2^31 of them take a quarter of an hour. INVALID_INPUT, or a DerError.
 */
export class Opener {
  readonly #passphrase: string;
  readonly #bad: (problem: string) => Failure;
  #roundsLeft = maxRounds;

  constructor(passphrase: string, bad: (problem: string) => Failure) {
    this.#passphrase = passphrase;
    this.#bad = bad;
  }

  /** The PrivateKeyInfo in an EncryptedPrivateKeyInfo (RFC 5958 3). */
  privateKeyInfo(encrypted: Uint8Array): Uint8Array {
    const parts = new DerReader(onlyElement(encrypted, tags.sequence).content);
    return this.decrypt(parts.enter(tags.sequence), parts.element(tags.octetString).content);
  }

  /** `algorithm` reads the content of an AlgorithmIdentifier; what is encrypted is a SEQUENCE: a wrong passphrase has the right padding once in 256 times. */
  decrypt(algorithm: DerReader, bytes: Uint8Array): Uint8Array {
    const kind = readOid(algorithm.element(tags.oid));
    const parameters = algorithm.enter(tags.sequence);
    if (kind !== pbes2 && kind !== sha1And3Des)
      throw this.#bad(
        'its encryption is no longer supported; convert it with “openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW”',
      );
    const { cipher, key, iv } = kind === pbes2 ? this.#pbes2Key(parameters) : this.#tripleDesKey(parameters);
    try {
      const open = createDecipheriv(cipher, key, iv);
      return onlyElement(derOf(Buffer.concat([open.update(bytes), open.final()])), tags.sequence).bytes;
    } catch {
      throw this.#bad('the passphrase is wrong');
    }
  }

  #pbes2Key(parameters: DerReader): CipherKey {
    const derivation = parameters.enter(tags.sequence);
    if (readOid(derivation.element(tags.oid)) !== pbkdf2) throw this.#bad('its encryption is not supported');
    const derived = derivation.enter(tags.sequence);
    const salt = derived.element(tags.octetString).content;
    const asked = derived.element(tags.integer);
    derived.optional(tags.integer);
    const prf = derived.optional(tags.sequence);
    const digest = prf === null ? sha1 : digests[readOid(new DerReader(prf.content).element(tags.oid))];
    const scheme = parameters.enter(tags.sequence);
    const cipher = ciphers[readOid(scheme.element(tags.oid))];
    if (cipher === undefined || digest === undefined) throw this.#bad('its encryption is not supported');
    const iv = scheme.element(tags.octetString).content;
    const rounds = this.#rounds(asked, Math.ceil(cipher.keyBytes / digest.bytes));
    return { cipher: cipher.name, key: pbkdf2Sync(this.#passphrase, salt, rounds, cipher.keyBytes, digest.name), iv };
  }

  #tripleDesKey(parameters: DerReader): CipherKey {
    const salt = parameters.element(tags.octetString).content;
    // Two blocks of SHA-1 for the key and one for the vector.
    const rounds = this.#rounds(parameters.element(tags.integer), 3);
    const derive = (id: number, bytes: number): Buffer => deriveSha1(this.#passphrase, salt, rounds, id, bytes);
    return { cipher: 'des-ede3-cbc', key: derive(1, 24), iv: derive(2, 8) };
  }

  /** The rounds that a part asks for; it makes them `times` over. */
  #rounds(asked: Element, times: number): number {
    const rounds = readNumber(asked);
    if (rounds < 1 || rounds * times > this.#roundsLeft) throw this.#bad(`it asks for ${rounds} rounds of key derivation`);
    this.#roundsLeft -= rounds * times;
    return rounds;
  }
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
