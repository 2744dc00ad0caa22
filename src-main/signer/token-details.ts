import { Failure, type KeyAlgorithm, type ModuleConfig, type TokenDetails } from '../contract/index.ts';
import { ck, type Handle, TokenError } from './cryptoki.ts';
import { type ModuleHooks, Pkcs11Module } from './pkcs11-module.ts';
import { flagsOf } from './token-info.ts';
import { listTokens } from './tokens.ts';
import type { WrongPins } from './wrong-pins.ts';

/** What making and using a key of this kind takes: mechanisms and a size, in bits. */
const needs: Readonly<Record<KeyAlgorithm, { readonly make: number; readonly sign: number; readonly bits: number }>> = {
  'ec-p256': { make: ck.CKM_EC_KEY_PAIR_GEN, sign: ck.CKM_ECDSA, bits: 256 },
  'ec-p384': { make: ck.CKM_EC_KEY_PAIR_GEN, sign: ck.CKM_ECDSA, bits: 384 },
  'rsa-2048': { make: ck.CKM_RSA_PKCS_KEY_PAIR_GEN, sign: ck.CKM_RSA_PKCS, bits: 2048 },
  'rsa-3072': { make: ck.CKM_RSA_PKCS_KEY_PAIR_GEN, sign: ck.CKM_RSA_PKCS, bits: 3072 },
  'rsa-4096': { make: ck.CKM_RSA_PKCS_KEY_PAIR_GEN, sign: ck.CKM_RSA_PKCS, bits: 4096 },
};

/** Loads a module that is not in use, looks, and lets it go. What loading fails with, MODULE_NOT_STARTED. */
export function inspectModule(config: ModuleConfig, hooks: ModuleHooks, wrong: WrongPins): TokenDetails[] {
  const module = Pkcs11Module.load(config, hooks);
  try {
    module.start();
    return detailsOf(module, wrong);
  } catch (error) {
    throw error instanceof TokenError ? notStarted(config, error) : error;
  } finally {
    if (!module.hung) module.stop();
  }
}

export const notStarted = ({ path }: ModuleConfig, error: TokenError): Failure =>
  new Failure('MODULE_NOT_STARTED', { path, method: error.method, ckr: error.ckr }, error);

/** Each token of a module that has been started, as the module tells it. */
export function detailsOf(module: Pkcs11Module, wrong: WrongPins): TokenDetails[] {
  return listTokens(module).map(({ slot, info }) => {
    const mechanisms = mechanismsOf(module, slot);
    return {
      ...wrong.view(info),
      flags: flagsOf(info),
      pinChars: { min: info.minPin, max: info.maxPin },
      mechanisms: mechanisms.length,
      algorithms: (Object.keys(needs) as KeyAlgorithm[]).filter((algorithm) => can(module, slot, mechanisms, algorithm)),
    };
  });
}

function mechanismsOf(module: Pkcs11Module, slot: Handle): number[] {
  try {
    return module.call('C_GetMechanismList', slot);
  } catch (error) {
    if (error instanceof TokenError) return [];
    throw error;
  }
}

/** A module that lists a mechanism but does not describe it is taken at its word: sizes are proven when a key is made. */
function can(module: Pkcs11Module, slot: Handle, mechanisms: readonly number[], algorithm: KeyAlgorithm): boolean {
  const { make, sign, bits } = needs[algorithm];
  return [make, sign].every((mechanism) => mechanisms.includes(mechanism) && fits(module, slot, mechanism, bits));
}

function fits(module: Pkcs11Module, slot: Handle, mechanism: number, bits: number): boolean {
  try {
    const { minKeySize, maxKeySize } = module.call('C_GetMechanismInfo', slot, mechanism);
    return maxKeySize === 0 || (minKeySize <= bits && bits <= maxKeySize);
  } catch (error) {
    if (error instanceof TokenError) return true;
    throw error;
  }
}
