import { createPrivateKey } from 'node:crypto';
import { pemBytes } from '../../der/index.ts';

/** What stands in a text in place of a secret. */
const MARK = '‹secret›';
/** So many bytes in a row that are a key’s are taken for a part of it. */
const RUN_BYTES = 8;
/** Marks of four bytes that occur in a key: most places of a text are passed over by these alone. */
const MARKS = 1 << 18;
/** The beginning of a secret at the end of a text that was cut: shorter ones are chance. */
const CUT_CHARS = 4;

/**
 * The secrets that one unit is given, or has said: passwords of its profile, the private key that it is to store. Takes them out of a text by their value, in
 * every form in which they travel, a part of them as well. A key is kept in bytes, which `wipe` zeroes.
 */
export class UnitSecrets {
  readonly #texts = new Set<string>();
  readonly #keys: Buffer[] = [];
  readonly #marks = new Uint8Array(MARKS);

  addText(value: string): void {
    if (value === '') return;
    const bytes = Buffer.from(value);
    const forms = value.length < CUT_CHARS ? [] : [bytes.toString('base64'), bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
    for (const form of [value, ...forms]) this.#texts.add(form);
  }

  /** PrivateKeyInfo, DER; what is no key is kept as the bytes that it is. */
  addKey(pkcs8: Uint8Array): void {
    for (const { label, der, secret } of writingsOf(Buffer.from(pkcs8))) this.#keys.push(...formsOf(der, label, secret));
    for (const form of this.#keys) for (let at = 0; at + 4 <= form.length; at++) this.#marks[markOf(form, at)] = 1;
  }

  hide(text: string): string {
    let hidden = text;
    for (const value of this.#texts) hidden = hidden.replaceAll(value, MARK);
    return this.#keys.length === 0 ? hidden : this.#withoutKeys(hidden);
  }

  /** The same for a text that may have been cut in the middle of a secret. */
  hideInCut(text: string): string {
    let hidden = this.hide(text);
    for (const value of this.#texts) hidden = withoutCut(hidden, value);
    return hidden;
  }

  wipe(): void {
    for (const key of this.#keys.splice(0)) key.fill(0);
    this.#marks.fill(0);
  }

  #withoutKeys(text: string): string {
    const bytes = Buffer.from(text);
    const parts: string[] = [];
    let done = 0;
    for (let at = 0; at + RUN_BYTES <= bytes.length; at++) {
      const end = this.#runFrom(bytes, at);
      if (end === at) continue;
      parts.push(bytes.toString('utf8', done, at), MARK);
      done = end;
      at = end - 1;
    }
    return done === 0 ? text : parts.join('') + bytes.toString('utf8', done);
  }

  /** Where the longest part of a key that begins here ends; `at` when none does. */
  #runFrom(bytes: Buffer, at: number): number {
    let longest = at;
    if (this.#marks[markOf(bytes, at)] === 0 || this.#marks[markOf(bytes, at + 4)] === 0) return at;
    const run = bytes.subarray(at, at + RUN_BYTES);
    for (const key of this.#keys) {
      for (let found = key.indexOf(run); found >= 0; found = key.indexOf(run, found + 1)) {
        let length = RUN_BYTES;
        while (at + length < bytes.length && found + length < key.length && bytes[at + length] === key[found + length]) length++;
        longest = Math.max(longest, at + length);
      }
    }
    return longest;
  }
}

interface Writing {
  readonly label: string;
  readonly der: Buffer;
  /** The first secret number in it. */
  readonly secret: Buffer;
}

/** A key as PKCS#8 and in the format of its own kind. */
function writingsOf(pkcs8: Buffer): readonly Writing[] {
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const ec = key.asymmetricKeyType === 'ec';
    const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
    const own = key.export({ format: 'der', type: ec ? 'sec1' : 'pkcs1' });
    return [
      { label: 'PRIVATE KEY', der: pkcs8, secret },
      { label: ec ? 'EC PRIVATE KEY' : 'RSA PRIVATE KEY', der: own, secret },
    ];
  } catch {
    return pkcs8.every((byte) => byte === 0) ? [] : [{ label: 'PRIVATE KEY', der: pkcs8, secret: Buffer.alloc(0) }];
  }
}

/** Knuth’s multiplicative hash of four bytes. */
const markOf = (bytes: Buffer, at: number): number => (Math.imul(bytes.readUInt32LE(at), 0x9e37_79b1) >>> 0) % MARKS;

/** A text that was cut in the middle of a secret ends with the beginning of it. */
function withoutCut(text: string, secret: string): string {
  for (let length = Math.min(secret.length - 1, text.length); length >= CUT_CHARS; length--)
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + MARK;
  return text;
}

/** Of a key in DER everything from its first secret number on, as it is and as it is written: what stands before it is in every key of its kind. */
function formsOf(der: Buffer, label: string, first: Buffer): Buffer[] {
  const from = first.length === 0 ? 0 : Math.max(0, der.indexOf(first));
  const pem = pemBytes(label, der);
  // The characters of a PEM before the first secret one: its first line, and a line end after each 64 characters.
  const chars = Math.floor((from * 4) / 3);
  const inPem = pem.indexOf(0x0a) + 1 + chars + Math.floor(chars / 64);
  const texts = [pem, Buffer.from(pem.toString('latin1').replaceAll('\n', '\r\n'))];
  const bodies = [
    { bytes: der, from },
    ...texts.map((bytes, index) => ({ bytes, from: inPem + (index === 0 ? 0 : Math.floor(chars / 64) + 1) })),
  ];
  const forms = bodies.flatMap(({ bytes, from: at }) => [
    Buffer.from(bytes.subarray(at)),
    Buffer.from(bytes.toString('hex', at)),
    Buffer.from(bytes.toString('hex', at).toUpperCase()),
    Buffer.from(bytes.toString('base64').slice(Math.floor((at * 4) / 3))),
  ]);
  for (const { bytes } of bodies) if (bytes !== der) bytes.fill(0);
  return forms;
}
