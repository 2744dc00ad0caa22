import { isUtf8 } from 'node:buffer';
import { Failure, limits } from '../contract/index.ts';
import { holdSecret } from '../log/index.ts';

/** A PIN in memory that can be wiped. pkcs11js wants a string: it is made for the length of one call only. */
export class Pin {
  readonly #bytes: Buffer;
  readonly #release: () => void;

  /** Takes the bytes over: those that were given are wiped. PIN_INVALID for what is no text. */
  constructor(given: Uint8Array) {
    // Not from the shared pool: a pooled buffer may be read by others after it is wiped and reused.
    this.#bytes = Buffer.alloc(given.length);
    this.#bytes.set(given);
    given.fill(0);
    if (!isUtf8(this.#bytes)) throw new Failure('PIN_INVALID', limits.pinChars);
    this.#release = holdSecret(this.#bytes);
  }

  get length(): number {
    return this.#bytes.length;
  }

  use<T>(call: (text: string) => T): T {
    return call(this.#bytes.toString());
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#release();
  }
}
