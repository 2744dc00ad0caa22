import { Failure, type TokenRef, type TokenView } from '../contract/index.ts';
import { type Handle, TokenError } from './cryptoki.ts';
import type { Pkcs11Module } from './pkcs11-module.ts';
import type { Quirks } from './quirks.ts';
import { absent, type FoundToken, hasPinPad, isInitialised, isToken, pinStateOf, type TokenInfo } from './token-info.ts';

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
