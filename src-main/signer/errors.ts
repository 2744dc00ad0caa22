import { Failure } from '../contract/index.ts';

/** What a module answered, in one shape whatever pkcs11js threw. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  /** `CKR_PIN_INCORRECT`, or the text of an error that never reached the module. */
  readonly ckr: string;
  readonly method: string;

  constructor(ckr: string, method: string) {
    super(`${method} answered ${ckr}`);
    this.ckr = ckr;
    this.method = method;
  }
}

/** pkcs11js throws Pkcs11Error, NativeError and plain Errors with `CKR_X:nnn` somewhere in the text. */
export function normalise(thrown: unknown, method: string): TokenError {
  if (thrown instanceof TokenError) return thrown;
  const text = thrown instanceof Error ? `${thrown.message}\n${thrown.stack ?? ''}` : String(thrown);
  const ckr = /\bCKR_\w+/u.exec(text)?.[0] ?? text.split('\n', 1)[0] ?? 'no code';
  return new TokenError(ckr, method);
}

/** For an answer that has no better name; anything that is not the token's stays what it is. */
export function tokenFailure(thrown: unknown): unknown {
  return thrown instanceof TokenError ? new Failure('TOKEN_FAILED', { method: thrown.method, ckr: thrown.ckr }, thrown) : thrown;
}

export const refused = (rule: string): Failure => new Failure('SESSION_REFUSED', { rule });
