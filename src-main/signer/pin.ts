import { randomUUID } from 'node:crypto';
import { Failure, type SessionTerms, type TokenRef, type TokenView } from '../contract/index.ts';
import { pinStateOf, viewToken, type TokenInfo } from './tokens.ts';
import type { Quirks } from './quirks.ts';

/** A PIN in memory that can be wiped. pkcs11js wants a string: it is made for the length of one call only. */
export class Pin {
  readonly #bytes: Buffer;

  constructor(text: string) {
    // Not from the shared pool: a pooled buffer may be read by others after it is wiped and reused.
    this.#bytes = Buffer.alloc(Buffer.byteLength(text));
    this.#bytes.write(text);
  }

  get length(): number {
    return this.#bytes.length;
  }

  use<T>(call: (text: string) => T): T {
    return call(this.#bytes.toString());
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

export type PinPurpose = { readonly kind: 'session'; readonly terms: SessionTerms } | { readonly kind: 'init'; readonly label: string };

interface Request {
  readonly purpose: PinPurpose;
  readonly expiresAt: number;
  busy: boolean;
  /** Ends a wait for the PIN pad. */
  readonly leave: AbortController;
}

const lifetimeMs = 120_000;

/** Questions for a PIN that are still open. Each is good for one right answer within two minutes. */
export class PinRequests {
  readonly #open = new Map<string, Request>();

  add(purpose: PinPurpose, now: number): { requestId: string; expiresAt: number } {
    for (const [id, { expiresAt }] of this.#open) if (expiresAt <= now) this.#open.delete(id);
    const requestId = randomUUID();
    const expiresAt = now + lifetimeMs;
    this.#open.set(requestId, { purpose, expiresAt, busy: false, leave: new AbortController() });
    return { requestId, expiresAt };
  }

  /** Nobody will answer this request any more. */
  cancel(requestId: string): void {
    const request = this.#open.get(requestId);
    if (request === undefined) throw new Failure('PIN_REQUEST_UNKNOWN');
    this.#open.delete(requestId);
    request.leave.abort();
  }

  /** Runs `use` for a request that waits. After a wrong PIN it waits on for another deliberate entry; after anything else it is gone. */
  async answer<T>(requestId: string, now: number, use: (purpose: PinPurpose, leave: AbortSignal) => Promise<T>): Promise<T> {
    const request = this.#open.get(requestId);
    if (request === undefined || request.busy || request.expiresAt <= now) throw new Failure('PIN_REQUEST_UNKNOWN');
    request.busy = true;
    let wrong = false;
    try {
      return await use(request.purpose, request.leave.signal);
    } catch (error) {
      wrong = error instanceof Failure && (error.code === 'PIN_WRONG' || error.code === 'PIN_INVALID');
      throw error;
    } finally {
      request.busy = false;
      if (!wrong) this.#open.delete(requestId);
    }
  }
}

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
