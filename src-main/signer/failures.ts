import { Failure } from '../contract/index.ts';
import { TokenError } from './cryptoki.ts';

export interface Asked {
  readonly label: string;
  /** The kind of key that was made or used, where it was about one. */
  readonly kind?: string;
  readonly minPin?: number;
  readonly maxPin?: number;
}

/**
 * The failure that an answer of the token stands for; null when it could mean anything. Only answers that have one meaning on every token
 * are named, so that a person can be told what to do.
 */
export function namedAnswer({ ckr, method }: TokenError, { label, kind, minPin, maxPin }: Asked): Failure | null {
  switch (ckr) {
    case 'CKR_PIN_LOCKED':
      return new Failure('PIN_LOCKED', { label });
    case 'CKR_USER_PIN_NOT_INITIALIZED':
      return new Failure('PIN_NOT_SET', { label });
    case 'CKR_PIN_LEN_RANGE':
      return minPin === undefined || maxPin === undefined ? null : new Failure('PIN_INVALID', { min: minPin, max: maxPin });
    case 'CKR_PIN_EXPIRED':
      return new Failure('PIN_EXPIRED', { label, ckr });
    case 'CKR_FUNCTION_CANCELED':
    case 'CKR_FUNCTION_REJECTED':
    case 'CKR_CANCEL':
      return new Failure('PIN_PAD_CANCELLED', { label, ckr });
    case 'CKR_TOKEN_WRITE_PROTECTED':
      return new Failure('TOKEN_WRITE_PROTECTED', { label });
    case 'CKR_SESSION_COUNT':
      return new Failure('TOKEN_SESSIONS_USED', { label, ckr });
    case 'CKR_MECHANISM_INVALID':
    case 'CKR_CURVE_NOT_SUPPORTED':
    case 'CKR_DOMAIN_PARAMS_INVALID':
    case 'CKR_KEY_SIZE_RANGE':
      return kind === undefined ? null : new Failure('KEY_KIND_UNSUPPORTED', { label, kind, method });
    default:
      return null;
  }
}

/** For an answer that has no better name; anything that is not the token's stays what it is. */
export function tokenFailure(thrown: unknown): unknown {
  return thrown instanceof TokenError ? new Failure('TOKEN_FAILED', { method: thrown.method, ckr: thrown.ckr }, thrown) : thrown;
}

export const refused = (rule: string): Failure => new Failure('SESSION_REFUSED', { rule });
