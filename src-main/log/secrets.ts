/** A secret while it is in use. The bytes are the owner's own where the owner gave bytes: wiped there, they are gone here too. */
interface Held {
  readonly bytes: Buffer;
  /** The same as JSON and as an address write it, where that differs. */
  readonly escaped: readonly Buffer[];
}

/** Shorter ones than a PIN may be would hide everything. */
const shortest = 4;
const secretField = /(?:^|_)pin$|pins?$|passw|passphrase|secret|private_?key|keyPem|credential/iu;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----([\s\S]*?)-----END/gu;
const deepest = 8;

/** The secrets that this process knows of now, so that no line is written with one of them in it. */
export class Secrets {
  readonly #held = new Set<Held>();
  readonly #kept = new Map<string, () => void>();

  /** From now on until what is returned is called, this secret is in no line. */
  hold(secret: string | Uint8Array): () => void {
    const own = typeof secret === 'string' ? [unpooled(secret), ...[...secret.matchAll(pem)].map(([, body = '']) => fromBase64(body))] : [];
    const held = (typeof secret === 'string' ? own : [Buffer.from(secret.buffer, secret.byteOffset, secret.length)])
      .filter((bytes) => bytes.length >= shortest)
      .map((bytes) => ({ bytes, escaped: escapedForms(bytes) }));
    for (const one of held) this.#held.add(one);
    return () => {
      for (const one of held) {
        this.#held.delete(one);
        for (const form of one.escaped) form.fill(0);
      }
      for (const bytes of own) bytes.fill(0);
    };
  }

  /** A secret that stays in use as long as the process does, or until another comes under its name. */
  keep(name: string, secret: string | Uint8Array): void {
    const before = this.#kept.get(name);
    this.#kept.set(name, this.hold(secret));
    before?.();
  }

  /** While `work` runs, the secrets in the fields of `input` are in no line. */
  async during<T>(input: unknown, work: () => Promise<T>): Promise<T> {
    const releases = secretsIn(input).map((secret) => this.hold(secret));
    try {
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  /** Longest first, so that one that contains another is found whole. Wiped ones are left out. */
  now(): readonly Held[] {
    if (this.#held.size === 0) return [];
    return [...this.#held].filter(({ bytes }) => bytes.some((byte) => byte !== 0)).sort((a, b) => b.bytes.length - a.bytes.length);
  }
}

const inUse = new Secrets();
/** The secrets of this process. */
export const secretsInUse = inUse;
/** Until what is returned is called, this secret is in no line of this process. Bytes are kept by reference, never copied. */
export const holdSecret = (secret: string | Uint8Array): (() => void) => inUse.hold(secret);

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
