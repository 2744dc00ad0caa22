import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

/** Plain bytes of one sealed piece; each but the last has so many. */
export const sealedPieceBytes = 1024 * 1024;
const tagBytes = 16;

/** SHA-256 of a public key, as it is shown to people. */
export const fingerprintOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** What stands in the clear in front of a sealed backup, beside its manifest. */
export interface SealHeader {
  /** SPKI of the key that was made for this backup alone, base64. */
  readonly ephemeral: string;
  /** Fingerprint of the customer's key. */
  readonly recipient: string;
}

/**
 * The key of one backup: X25519 between a key that is made for it and the customer's, then HKDF-SHA256 bound to both (as in RFC 9180). The
 * station holds the public half only: what it has sealed it cannot open.
 */
export function newFileKey(recipient: KeyObject): { readonly key: Buffer; readonly header: SealHeader } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const key = derive(diffieHellman({ privateKey, publicKey: recipient }), publicKey, recipient);
  const ephemeral = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return { key, header: { ephemeral, recipient: fingerprintOf(recipient) } };
}

/** The same key, for whoever holds the customer's private key. */
export function fileKeyFor(privateKey: KeyObject, { ephemeral }: SealHeader): Buffer {
  const publicKey = createPublicKey({ key: Buffer.from(ephemeral, 'base64'), type: 'spki', format: 'der' });
  return derive(diffieHellman({ privateKey, publicKey }), publicKey, createPublicKey(privateKey));
}

function derive(shared: Buffer, ephemeral: KeyObject, recipient: KeyObject): Buffer {
  const salt = Buffer.concat([ephemeral, recipient].map((key) => key.export({ type: 'spki', format: 'der' })));
  const key = Buffer.from(hkdfSync('sha256', shared, salt, 'birthmark backup 1', 32));
  shared.fill(0);
  return key;
}

/** A piece has its number in its nonce, and says whether it is the last: none can be left out, moved or cut off. */
function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(index, 7);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

/** Seals a stream in pieces by AES-256-GCM; `context` is bound to each of them. */
export class Sealer {
  readonly #key: Buffer;
  readonly #context: Buffer;
  readonly #write: (piece: Buffer) => void;
  #waiting: Buffer[] = [];
  #size = 0;
  #index = 0;

  constructor(key: Buffer, context: Buffer, write: (piece: Buffer) => void) {
    this.#key = key;
    this.#context = context;
    this.#write = write;
  }

  push(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    // The last piece is known only at the end: one is always kept back.
    if (this.#size <= sealedPieceBytes) return;
    let all = Buffer.concat(this.#waiting);
    for (; all.length > sealedPieceBytes; all = all.subarray(sealedPieceBytes)) this.#seal(all.subarray(0, sealedPieceBytes), false);
    this.#waiting = [all];
    this.#size = all.length;
  }

  finish(): void {
    this.#seal(Buffer.concat(this.#waiting), true);
  }

  #seal(plain: Buffer, last: boolean): void {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(this.#index++, last)).setAAD(this.#context);
    this.#write(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
  }
}

/** Opens what `Sealer` wrote. Throws for bytes that were changed, left out or sealed for another key. */
export class Opener {
  readonly #key: Buffer;
  readonly #context: Buffer;
  readonly #write: (piece: Buffer) => void;
  #waiting: Buffer[] = [];
  #size = 0;
  #index = 0;

  constructor(key: Buffer, context: Buffer, write: (piece: Buffer) => void) {
    this.#key = key;
    this.#context = context;
    this.#write = write;
  }

  push(chunk: Buffer): void {
    const whole = sealedPieceBytes + tagBytes;
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    if (this.#size <= whole) return;
    let all = Buffer.concat(this.#waiting);
    for (; all.length > whole; all = all.subarray(whole)) this.#open(all.subarray(0, whole), false);
    this.#waiting = [all];
    this.#size = all.length;
  }

  finish(): void {
    const rest = Buffer.concat(this.#waiting);
    if (rest.length < tagBytes) throw new Error('it is cut off');
    this.#open(rest, true);
  }

  #open(sealed: Buffer, last: boolean): void {
    const body = sealed.subarray(0, sealed.length - tagBytes);
    const cipher = createDecipheriv('aes-256-gcm', this.#key, nonce(this.#index++, last), { authTagLength: tagBytes })
      .setAAD(this.#context)
      .setAuthTag(sealed.subarray(sealed.length - tagBytes));
    this.#write(Buffer.concat([cipher.update(body), cipher.final()]));
  }
}
