import type { UnitSecrets } from '../unit-secrets.ts';

const BEGIN = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/u;
const END = /-----END [A-Z0-9 ]*PRIVATE KEY-----/u;
/** Digits of a key in a line that is read for one: longer than any word of an answer. */
const DIGITS = /[A-Za-z0-9+/=_-]{16,}/gu;
/** More lines than the largest key has. */
const MAX_LINES = 200;

/** Private keys that a unit says, perhaps somebody else’s: an earlier one that is read back, or a file that is printed. They are secrets from then on. */
export class HeardKeys {
  readonly #secrets: UnitSecrets;
  #open = false;
  #lines = 0;
  /** The unit is asked for the key that it holds. */
  asked = false;

  constructor(secrets: UnitSecrets) {
    this.#secrets = secrets;
  }

  hear(text: string): void {
    const begins = BEGIN.test(text);
    if (begins) this.#open = true;
    if (this.#open)
      this.#add(
        text
          .replace(BEGIN, '')
          .replace(END, '')
          .split(/\\[rn]|[\s"]+/u),
      );
    else if (this.asked) this.#add(text.match(DIGITS) ?? []);
    if (END.test(text)) this.#open = false;
  }

  #add(parts: readonly string[]): void {
    for (const part of parts) if (part !== '' && this.#lines++ < MAX_LINES) this.#secrets.addText(part);
  }
}
