import { Failure, type TokenRef, type TokenView } from '../contract/index.ts';
import { TokenError } from './errors.ts';
import { ck, type Handle, type Pkcs11Module } from './pkcs11.ts';
import type { Quirks } from './quirks.ts';

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

/** Blanks are the standard's padding; some modules pad with NUL. */
const trim = (text: string): string => text.replace(/[\0 ]+$/u, '');

export function readToken(module: Pkcs11Module, slot: Handle): TokenInfo {
  const info = module.call('C_GetTokenInfo', slot);
  return {
    label: trim(info.label),
    model: trim(info.model),
    serial: trim(info.serialNumber),
    manufacturer: trim(info.manufacturerID),
    firmware: `${info.firmwareVersion.major}.${info.firmwareVersion.minor}`,
    flags: info.flags >>> 0,
    minPin: info.minPinLen,
    maxPin: info.maxPinLen,
  };
}

/** All tokens the module shows now. A slot whose token does not answer is left out: the slot list is often the last to know. */
export function listTokens(module: Pkcs11Module): FoundToken[] {
  if (!module.initialised) return [];
  const found: FoundToken[] = [];
  for (const slot of slots(module)) {
    try {
      found.push({ slot, info: readToken(module, slot) });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
  }
  return found;
}

/** Slots with a token. Where there seem to be none all slots are asked: some modules do not know what is in them before. */
function slots(module: Pkcs11Module): Handle[] {
  const withToken = slotList(module, true);
  return withToken.length > 0 ? withToken : slotList(module, false);
}

function slotList(module: Pkcs11Module, withToken: boolean): Handle[] {
  try {
    return module.call('C_GetSlotList', withToken);
  } catch (error) {
    if (error instanceof TokenError) return [];
    throw error;
  }
}

export const isToken = (info: TokenInfo, ref: TokenRef): boolean => info.label === ref.label && info.serial === ref.serial;

/** By what is printed on it, each time anew: a slot number means nothing after a re-plug. */
export const findToken = (module: Pkcs11Module, ref: TokenRef): FoundToken | null =>
  listTokens(module).find(({ info }) => isToken(info, ref)) ?? null;

/** The one token of this name. TOKEN_ABSENT; TOKEN_AMBIGUOUS, before a PIN goes to the wrong one. */
export function onlyToken(module: Pkcs11Module, ref: TokenRef): FoundToken {
  const found = listTokens(module).filter(({ info }) => isToken(info, ref));
  const [token] = found;
  if (token === undefined) throw absent(ref);
  if (found.length > 1) throw new Failure('TOKEN_AMBIGUOUS', { label: ref.label, serial: ref.serial, count: found.length });
  return token;
}

export const absent = (ref: TokenRef): Failure => new Failure('TOKEN_ABSENT', { label: ref.label, serial: ref.serial });

const has = (info: TokenInfo, flag: number): boolean => (info.flags & flag) !== 0;
export const hasPinPad = (info: TokenInfo): boolean => has(info, ck.CKF_PROTECTED_AUTHENTICATION_PATH);
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

/** `wrong`: PINs refused since the last right one, as counted here. */
export function viewToken(info: TokenInfo, wrong: number, quirks: Quirks): TokenView {
  const told = { locked: 0, 'final-try': 1, low: null, ok: null, 'not-set': null }[pinStateOf(info)];
  const counted = wrong === 0 ? null : Math.max(0, quirks.assumedTries(info) - wrong);
  const { label, model, serial, manufacturer, firmware } = info;
  return {
    label,
    model,
    serial,
    manufacturer,
    firmware,
    initialised: isInitialised(info),
    software: quirks.isSoftware(info),
    pinState: told === null && counted === 0 ? 'locked' : pinStateOf(info),
    triesLeft: told ?? counted,
    pinPad: hasPinPad(info),
  };
}
