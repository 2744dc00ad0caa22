import { Failure } from '../../../contract/index.ts';
import { keepSecret } from '../../../log/index.ts';
import type { UnitSecrets } from '../unit-secrets.ts';

export type Value = string | Buffer;

const reference = /\$\{([A-Za-z][\w.]*)\}/gu;

/** The names that a text puts in. */
export const referencesOf = (text: string): string[] => [...text.matchAll(reference)].map((match) => match[1] ?? '');

/** The variables of one session, and which of them are secret. */
export class Values {
  readonly #values = new Map<string, Value>();
  readonly #secret = new Set<string>();
  readonly #secrets: UnitSecrets;

  constructor(secrets: UnitSecrets) {
    this.#secrets = secrets;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  setSecret(name: string, value: string): void {
    this.#values.set(name, value);
    this.#secret.add(name);
    this.#secrets.addText(value);
    // Two profiles may give one name different values.
    keepSecret(`variable ${name}=${value}`, value);
  }

  setAll(values: Readonly<Record<string, Value>>): void {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  /** A variable as text; empty when it was not set. */
  text(name: string): string {
    const value = this.#values.get(name) ?? '';
    return typeof value === 'string' ? value : value.toString('base64');
  }

  isSecret(text: string): boolean {
    return referencesOf(text).some((name) => this.#secret.has(name));
  }

  /** Text with its variables put in. A line break in a value would begin a command of its own: PROFILE_INVALID. */
  fill(text: string): string {
    return text.replace(reference, (_, name: string) => {
      const value = this.#values.get(name);
      if (value === undefined) throw invalid(`\${${name}} was not set`);
      const filled = this.text(name);
      if (/\p{Cc}/u.test(filled)) throw invalid(`\${${name}} has a control character in it`);
      return filled;
    });
  }

  /** Whatever is made of a secret is one. */
  setFrom(source: string, name: string, value: Value): void {
    if (!this.isSecret(source)) this.set(name, value);
    else {
      this.setSecret(name, typeof value === 'string' ? value : value.toString('latin1'));
      this.#values.set(name, value);
    }
  }

  /** `text` without any secret value; very short ones are taken out as well, at the price of readability. */
  hide(text: string): string {
    return this.#secrets.hide(text);
  }
}

const invalid = (problem: string): Failure => new Failure('PROFILE_INVALID', { file: 'device profile', line: 0, problem });
