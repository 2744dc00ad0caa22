import type { TokenRef, TokenView } from '../contract/index.ts';
import type { Quirks } from './quirks.ts';
import { pinStateOf, type TokenInfo } from './token-info.ts';
import { viewToken } from './tokens.ts';
/** Where the counts are kept from one start of the signer to the next. */
export interface PinTries {
  readonly load: () => readonly (readonly [token: string, count: number, last: number])[];
  readonly save: (counts: readonly (readonly [token: string, count: number, last: number])[]) => void;
}

/** After so long a count begins anew: who has found the right PIN must be able to enter it. */
const forgetMs = 3_600_000;

/** Wrong PINs per token since the last right one, for tokens that do not count in public. */
export class WrongPins {
  readonly #counts: Map<string, { readonly count: number; readonly last: number }>;
  readonly #quirks: Quirks;
  readonly #kept: PinTries | null;
  readonly #now: () => number;

  constructor(quirks: Quirks, now: () => number, kept: PinTries | null) {
    this.#quirks = quirks;
    this.#now = now;
    this.#kept = kept;
    this.#counts = new Map(kept?.load().map(([token, count, last]) => [token, { count, last }]));
  }

  view(info: TokenInfo): TokenView {
    return viewToken(info, this.#count(info), this.#quirks);
  }

  #count(info: TokenInfo): number {
    const counted = this.#counts.get(key(info));
    // A clock that was set back is no reason to forget.
    return counted === undefined || this.#now() - counted.last >= forgetMs ? 0 : counted.count;
  }

  wrong(info: TokenInfo): void {
    this.#counts.set(key(info), { count: this.#count(info) + 1, last: this.#now() });
    this.#save();
  }

  right(info: TokenInfo): void {
    if (this.#counts.delete(key(info))) this.#save();
  }

  #save(): void {
    this.#kept?.save([...this.#counts].map(([token, { count, last }]) => [token, count, last]));
  }

  /** The token does not count in public, and was given as many wrong PINs as we let through. */
  used(info: TokenInfo): boolean {
    return this.#count(info) >= this.#quirks.assumedTries(info);
  }

  /** Tries left after a wrong PIN, and who says so: the token, or only we. */
  left(info: TokenInfo): { triesLeft: number; counted: string } {
    const triesLeft = this.view(info).triesLeft ?? this.#quirks.assumedTries(info);
    const told = pinStateOf(info) === 'final-try';
    return {
      triesLeft,
      counted: told ? 'as the token says' : 'as counted by Birthmark; the token does not tell, and may lock sooner',
    };
  }
}

const key = (ref: TokenRef): string => `${ref.serial}\0${ref.label}`;
