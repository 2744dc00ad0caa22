const startsKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/gu;
const endsKey = /-----END [A-Z ]*PRIVATE KEY-----/gu;
const mostChars = 65_536;

/**
 * What a process prints, as whole lines: those that came together in one text, so that a stack stays one. A private key is waited for to
 * its end, because half of one would not be recognized.
 */
export class CaughtOutput {
  readonly #onText: (text: string) => void;
  #rest = '';

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  add(chunk: string): void {
    this.#rest += chunk;
    const end = this.#rest.lastIndexOf('\n') + 1;
    const inKey = (this.#rest.match(startsKey)?.length ?? 0) > (this.#rest.match(endsKey)?.length ?? 0);
    if (this.#rest.length > mostChars) this.end();
    else if (end > 0 && !inKey) this.#tell(end);
  }

  /** Nothing more will come. */
  end(): void {
    this.#tell(this.#rest.length);
  }

  #tell(end: number): void {
    const text = this.#rest.slice(0, end).trimEnd();
    this.#rest = this.#rest.slice(end);
    if (text !== '') this.#onText(text);
  }
}
