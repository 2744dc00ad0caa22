import { Failure, type TokenRef, type TokenView } from '../contract/index.ts';
import { ck, type Handle } from './cryptoki.ts';

/** CK_TOKEN_INFO without its padding. */
export interface TokenInfo {
  readonly label: string;
  readonly model: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly firmware: string;
  readonly flags: number;
  readonly minPin: number;
  readonly maxPin: number;
}

export interface FoundToken {
  readonly slot: Handle;
  readonly info: TokenInfo;
}

export const isToken = (info: TokenInfo, ref: TokenRef): boolean => info.label === ref.label && info.serial === ref.serial;
export const absent = (ref: TokenRef): Failure => new Failure('TOKEN_ABSENT', { label: ref.label, serial: ref.serial });

const has = (info: TokenInfo, flag: number): boolean => (info.flags & flag) !== 0;
export const hasPinPad = (info: TokenInfo): boolean => has(info, ck.CKF_PROTECTED_AUTHENTICATION_PATH);
export const isWriteProtected = (info: TokenInfo): boolean => has(info, ck.CKF_WRITE_PROTECTED);
export const isInitialised = (info: TokenInfo): boolean => has(info, ck.CKF_TOKEN_INITIALIZED);

const flagNames = [
  'CKF_RNG',
  'CKF_WRITE_PROTECTED',
  'CKF_LOGIN_REQUIRED',
  'CKF_USER_PIN_INITIALIZED',
  'CKF_RESTORE_KEY_NOT_NEEDED',
  'CKF_CLOCK_ON_TOKEN',
  'CKF_PROTECTED_AUTHENTICATION_PATH',
  'CKF_DUAL_CRYPTO_OPERATIONS',
  'CKF_TOKEN_INITIALIZED',
  'CKF_USER_PIN_COUNT_LOW',
  'CKF_USER_PIN_FINAL_TRY',
  'CKF_USER_PIN_LOCKED',
  'CKF_USER_PIN_TO_BE_CHANGED',
  'CKF_SO_PIN_COUNT_LOW',
  'CKF_SO_PIN_FINAL_TRY',
  'CKF_SO_PIN_LOCKED',
  'CKF_SO_PIN_TO_BE_CHANGED',
] as const;
export const flagsOf = (info: TokenInfo): string[] => flagNames.filter((name) => has(info, ck[name]));

export function pinStateOf(info: TokenInfo): TokenView['pinState'] {
  if (!has(info, ck.CKF_USER_PIN_INITIALIZED)) return 'not-set';
  if (has(info, ck.CKF_USER_PIN_LOCKED)) return 'locked';
  if (has(info, ck.CKF_USER_PIN_FINAL_TRY)) return 'final-try';
  return has(info, ck.CKF_USER_PIN_COUNT_LOW) ? 'low' : 'ok';
}
