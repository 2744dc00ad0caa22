import { stackOf } from '../contract/index.ts';
import { hideEncoded, isPrivateKey, shortestKey } from './encoded.ts';
import type { SecretIndex } from './secret-index.ts';
import type { Secrets } from './secrets.ts';

const secretName = /pins?$|passw|passphrase|secret|token|credential|authorization|cookie|(?:^|private|secret|access|api|wrap|_|-)key/iu;
/** Names that sound like one and name something public. */
const publicName = /^(?:tokenLabel|publicKey|keyId|keyAlgorithm)$/u;
const inClear = [
  /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/gu,
  // Whoever has the whole link gets the bundle.
  /(?<=\/bundle\/)[\w-]{22}\.\w{1,10}\.[\w-]{43}/gu,
  // The private number of a JSON Web Key.
  /"d"\s*:\s*"[\w-]{20,}"/gu,
];
/** An id of ours: random, and nothing is encoded in it. */
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/u;
const deepest = 8;
export const hidden = '[hidden]';

/**
 * Takes secrets out of what is about to be written: by the name of their field, private keys by their form, and everything that is in
 * use by value, also where it is written as JSON, as part of an address, in base64, hexadecimal or as a list of bytes.
 */
export class Redactor {
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  text(text: string): string {
    const clean = this.#inClear(text);
    const { index } = this.#secrets;
    return hideEncoded(clean, (bytes) => isPrivateKey(bytes) || index.find(bytes).length > 0, {
      mark: hidden,
      shortest: index.isEmpty ? shortestKey : 0,
    });
  }

  #inClear(text: string): string {
    let clean = text;
    for (const pattern of inClear) clean = clean.replace(pattern, hidden);
    return without(clean, this.#secrets.index);
  }

  /** A copy for the log. Bytes are never written, nor is anything nested deeper than eight levels. */
  value(value: unknown, depth = 0): unknown {
    if (typeof value === 'boolean' || value === null || value === undefined) return value;
    if (typeof value === 'number') return this.text(String(value)) === String(value) ? value : hidden;
    if (typeof value === 'string' && uuid.test(value)) return this.#inClear(value);
    if (typeof value === 'string' || typeof value === 'bigint') return this.text(String(value));
    if (typeof value !== 'object') return `[${typeof value}]`;
    if (depth >= deepest || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return hidden;
    if (value instanceof Error) return this.text(stackOf(value));
    if (Array.isArray(value)) return this.#list(value, depth);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [this.text(name), isSecretName(name) ? hidden : this.value(item, depth + 1)]),
    );
  }

  /** Numbers may be the bytes of a secret. */
  #list(items: readonly unknown[], depth: number): unknown {
    const numbers = items.every((item) => typeof item === 'number') ? items.join(',') : '';
    return this.text(numbers) === numbers ? items.map((item) => this.value(item, depth + 1)) : hidden;
  }
}

const isSecretName = (name: string): boolean => secretName.test(name) && !publicName.test(name);

function without(text: string, index: SecretIndex): string {
  if (index.isEmpty) return text;
  const bytes = Buffer.from(text);
  const found = index.find(bytes);
  if (found.length === 0) return text;
  let [clean, last] = ['', 0];
  for (const [from, upTo] of found) {
    clean += bytes.toString('utf8', last, from) + hidden;
    last = upTo;
  }
  return clean + bytes.toString('utf8', last);
}
