import { holdSecret } from '../log/index.ts';

/** A PIN in memory that can be wiped. pkcs11js wants a string: it is made for the length of one call only. */
export class Pin {
  readonly #bytes: Buffer;
  readonly #release: () => void;

  constructor(text: string) {
    // Not from the shared pool: a pooled buffer may be read by others after it is wiped and reused.
    this.#bytes = Buffer.alloc(Buffer.byteLength(text));
    this.#bytes.write(text);
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
