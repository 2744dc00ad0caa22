import { randomBytes } from 'node:crypto';
import type { TokenInfo } from './token-info.ts';

/** What vendors do differently, by name and in one place. Tests and new vendors give their own. */
export interface Quirks {
  /** A token in a file: for trying out, never for production. */
  readonly isSoftware: (info: TokenInfo) => boolean;
  /**
   * Wrong PINs that are let through where the token does not say how many are left. SoftHSM and NSS have no limit at all and only set
   * COUNT_LOW; a TPM sets no flag and shuts itself after three (measured with swtpm and tpm2-pkcs11).
   */
  readonly assumedTries: (info: TokenInfo) => number;
  /** The SO-PIN of a new software token; kept by nobody. NSS logs its security officer in with an empty one only, openCryptoki with its published one. */
  readonly softwareSoPin: (info: TokenInfo) => string;
  /** CKA_EC_POINT is an OCTET STRING around the point (PKCS#11 2.20 on); older modules and some vendors give the point bare. */
  readonly ecPoint: (value: Buffer, pointBytes: number) => Buffer;
  /** NSS says CKA_LOCAL = 0 for keys it has just made and does not know CKA_ALWAYS_AUTHENTICATE: these are told, never demanded. */
  readonly advisoryAttributes: readonly string[];
}

const isSoftware = (info: TokenInfo): boolean => isNss(info) || /softhsm/iu.test(`${info.manufacturer} ${info.model}`) || isOckSoft(info);
/** openCryptoki's token in a file; its tokens for hardware name that as their model. */
const isOckSoft = (info: TokenInfo): boolean => info.model === 'IBM SoftTok';
const isNss = (info: TokenInfo): boolean => /mozilla|nss/iu.test(`${info.manufacturer} ${info.model}`);

export const vendorQuirks: Quirks = {
  isSoftware,
  assumedTries: (info) => (isSoftware(info) ? 10 : 3),
  softwareSoPin: (info) => (isNss(info) ? '' : isOckSoft(info) ? '87654321' : randomBytes(16).toString('hex')),
  ecPoint: (value, pointBytes) => {
    if (value.length === pointBytes) return value;
    const header = pointBytes < 0x80 ? 2 : 3;
    return value[0] === 0x04 && value.length === header + pointBytes ? value.subarray(header) : value;
  },
  advisoryAttributes: ['CKA_LOCAL', 'CKA_ALWAYS_AUTHENTICATE', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE', 'CKA_MODIFIABLE'],
};
