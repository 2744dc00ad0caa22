import { Failure } from '../contract/index.ts';
import { ck, TokenError } from './cryptoki.ts';
import { tokenFailure } from './failures.ts';
import type { Pin } from './pin.ts';
import type { Pkcs11Module } from './pkcs11-module.ts';
import type { Quirks } from './quirks.ts';
import { isInitialised, type TokenInfo } from './token-info.ts';
import { listTokens, readToken } from './tokens.ts';

/**
 * Makes a software token in a free slot and gives it its PIN. Never on hardware: the SO-PIN is random and kept by nobody,
 * which for a token in a file only means that a forgotten PIN is the end of it.
 * NOT_FOUND without a free slot, INVALID_INPUT for a label that is too long, PIN_INVALID.
 */
export function initSoftwareToken(module: Pkcs11Module, quirks: Quirks, label: string, pin: Pin): TokenInfo {
  const padding = 32 - Buffer.byteLength(label);
  if (padding < 0) throw new Failure('INVALID_INPUT', { field: 'label', problem: 'it is longer than 32 bytes' });
  const free = listTokens(module).find(({ info }) => !isInitialised(info) && quirks.isSoftware(info));
  if (free === undefined) throw new Failure('NOT_FOUND', { kind: 'free software token in the module', id: module.config.path });
  const { minPin, maxPin } = free.info;
  if (pin.length < minPin || pin.length > maxPin) throw new Failure('PIN_INVALID', { min: minPin, max: maxPin });

  const soPin = quirks.softwareSoPin(free.info);
  try {
    module.call('C_InitToken', free.slot, soPin, label + ' '.repeat(padding));
    const session = module.call('C_OpenSession', free.slot, ck.CKF_SERIAL_SESSION | ck.CKF_RW_SESSION);
    module.call('C_Login', session, ck.CKU_SO, soPin);
    pin.use((text) => {
      module.call('C_InitPIN', session, text);
    });
    module.call('C_Logout', session);
    module.call('C_CloseSession', session);
    return readToken(module, free.slot);
  } catch (error) {
    throw error instanceof TokenError ? tokenFailure(error) : error;
  }
}
