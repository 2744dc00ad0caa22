import { Failure, type ErrorCode } from '../contract/index.ts';
import type { TokenError } from './errors.ts';

/** Answers that have one meaning on every token, so that a person can be told what to do; no other is classified by its code. */
const meanings: Readonly<Record<string, ErrorCode>> = {
  CKR_PIN_LOCKED: 'PIN_LOCKED',
  CKR_USER_PIN_NOT_INITIALIZED: 'PIN_NOT_SET',
  CKR_PIN_LEN_RANGE: 'PIN_INVALID',
  CKR_PIN_EXPIRED: 'PIN_EXPIRED',
  CKR_FUNCTION_CANCELED: 'PIN_PAD_CANCELLED',
  CKR_FUNCTION_REJECTED: 'PIN_PAD_CANCELLED',
  CKR_CANCEL: 'PIN_PAD_CANCELLED',
  CKR_TOKEN_WRITE_PROTECTED: 'TOKEN_WRITE_PROTECTED',
  CKR_SESSION_COUNT: 'TOKEN_SESSIONS_USED',
  CKR_MECHANISM_INVALID: 'KEY_KIND_UNSUPPORTED',
  CKR_CURVE_NOT_SUPPORTED: 'KEY_KIND_UNSUPPORTED',
  CKR_DOMAIN_PARAMS_INVALID: 'KEY_KIND_UNSUPPORTED',
  CKR_KEY_SIZE_RANGE: 'KEY_KIND_UNSUPPORTED',
};

export interface Asked {
  readonly label: string;
  /** The kind of key that was made or used. */
  readonly kind?: string;
  readonly minPin?: number;
  readonly maxPin?: number;
}

/** The failure that an answer of the token stands for; null when it could mean anything. */
export function namedAnswer({ ckr, method }: TokenError, { label, kind = 'unknown', minPin = 0, maxPin = 0 }: Asked): Failure | null {
  const code = meanings[ckr];
  if (code === undefined) return null;
  return new Failure(code, code === 'PIN_INVALID' ? { min: minPin, max: maxPin } : { label, ckr, kind, method });
}
