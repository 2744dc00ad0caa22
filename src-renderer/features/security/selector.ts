import type { Selector } from '../../../src-main/contract/calls.ts';
import { DeviceName } from '../../../src-main/contract/ids.ts';

const fingerprintDigits = 64;
const serialDigits = { min: 2, max: 40 };

/**
 * What a person typed or pasted → what it selects: `tenant/device`, a SHA-256 fingerprint, or a serial number; colons and
 * blanks between hexadecimal digits are left out. Null when it can be none of them.
 */
export function selectorOf(text: string): Selector | null {
  const trimmed = text.trim();
  if (trimmed.includes('/')) return DeviceName.safeParse(trimmed).success ? { device: trimmed } : null;
  const digits = trimmed.replace(/[\s:]/gu, '');
  if (!/^[0-9a-fA-F]+$/u.test(digits)) return null;
  if (digits.length === fingerprintDigits) return { fingerprint: digits.toLowerCase() };
  return digits.length >= serialDigits.min && digits.length <= serialDigits.max ? { serial: digits.toUpperCase() } : null;
}

/** The selector as it would be typed. */
export const selectorText = (selector: Selector): string => selector.device ?? selector.serial ?? selector.fingerprint ?? '';
