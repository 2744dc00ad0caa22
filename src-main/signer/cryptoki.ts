import pkcs11js from 'pkcs11js';

/** The CK_ constants. */
export const ck = pkcs11js;
export type Handle = Buffer;

export interface Attribute {
  readonly type: number;
  readonly value: Buffer | boolean | number | string;
}

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
