import { SecretIndex } from './secret-index.ts';

/** Shorter ones than a PIN may be would hide everything. */
const shortest = 4;
const secretField = /(?:^|_)pin$|pins?$|passw|passphrase|secret|private_?key|keyPem|credential/iu;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----([\s\S]*?)-----END/gu;
const deepest = 8;
/** What a process prints while it works with a secret may arrive after its answer. */
export const briefMs = 1_000;

/** The secrets that this process knows of now, so that no line is written with one of them in it. */
export class Secrets {
  readonly index = new SecretIndex();
  readonly #kept = new Map<string, () => void>();

  /**
   * From now on until what is returned is called, this secret is in no line. Bytes are kept by reference: where their owner wipes them, they
   * are gone here, too.
   */
  hold(secret: string | Uint8Array): () => void {
    const given = typeof secret === 'string' ? unpooled(secret) : Buffer.from(secret.buffer, secret.byteOffset, secret.length);
    const keys = typeof secret === 'string' ? [...secret.matchAll(pem)].map(([, body = '']) => fromBase64(body)) : [];
    const own = [...escapedForms(given), ...keys, ...(typeof secret === 'string' ? [given] : [])];
    const forms = [...new Set([given, ...own])].filter((bytes) => bytes.length >= shortest);
    for (const form of forms) this.index.add(form);
    return () => {
      for (const form of forms) this.index.remove(form);
      for (const bytes of own) bytes.fill(0);
    };
  }

  /** A secret that stays in use as long as the process does, or until another comes under its name. */
  keep(name: string, secret: string | Uint8Array): void {
    const before = this.#kept.get(name);
    this.#kept.set(name, this.hold(secret));
    before?.();
  }

  /** The same for so long after what was done with it: what was printed then may come later. */
  holdBriefly(secret: string | Uint8Array): void {
    setTimeout(this.hold(secret), briefMs).unref();
  }

  /**
   * While `work` runs, and for `lingerMs` after it, the secrets in the fields of `input` are in no line; nor are those of its answer, briefly
   * after it.
   */
  async during<T>(input: unknown, work: () => Promise<T>, lingerMs = 0): Promise<T> {
    const releases = secretsIn(input).map((secret) => this.hold(secret));
    try {
      const answer = await work();
      for (const secret of secretsIn(answer)) this.holdBriefly(secret);
      return answer;
    } finally {
      const end = (): void => releases.forEach((release) => release());
      if (lingerMs === 0 || releases.length === 0) end();
      else setTimeout(end, lingerMs).unref();
    }
  }
}

const inUse = new Secrets();
/** The secrets of this process. */
export const secretsInUse = inUse;
/** Until what is returned is called, this secret is in no line of this process. Bytes are kept by reference, never copied. */
export const holdSecret = (secret: string | Uint8Array): (() => void) => inUse.hold(secret);

/** For secrets that are made here and handed out at once. */
export const holdSecretBriefly = (secret: string | Uint8Array): void => inUse.holdBriefly(secret);

/** For secrets without an end of their own: keys in files, passwords of other systems. */
export const keepSecret = (name: string, secret: string | Uint8Array): void => inUse.keep(name, secret);

/** Every text and all bytes of a secret's field, at any depth. */
function secretsIn(value: unknown, secret = false, depth = 0): (string | Uint8Array)[] {
  if (typeof value === 'string' || value instanceof Uint8Array) return secret ? [value] : [];
  if (typeof value !== 'object' || value === null || depth >= deepest) return [];
  return Object.entries(value).flatMap(([name, item]) => secretsIn(item, secret || secretField.test(name), depth + 1));
}

/** Not from the shared pool: it is wiped when it is released. */
function unpooled(text: string): Buffer {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil((text.length * 3) / 4));
  return bytes.subarray(0, bytes.write(text, 'base64'));
}

const shortEscapes: Readonly<Record<number, string>> = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' };
const inJson = (byte: number): string | null => shortEscapes[byte] ?? (byte < 32 ? `\\u${byte.toString(16).padStart(4, '0')}` : null);
const inAddress = (byte: number): string | null =>
  /[\w.!~*'()-]/u.test(String.fromCharCode(byte)) && byte < 128 ? null : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Keys are bytes that no text has in it as they are; what people type may have been escaped. */
function escapedForms(bytes: Buffer): Buffer[] {
  if (bytes.includes(0)) return [];
  return [inJson, inAddress].flatMap((escape) => {
    if (bytes.every((byte) => escape(byte) === null)) return [];
    return [Buffer.concat([...bytes].map((byte) => Buffer.from(escape(byte) ?? [byte])))];
  });
}
