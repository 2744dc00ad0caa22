import type { CrlEntry } from '../../src-main/station/ca/index.ts';

/** The same entries each time: serial numbers of 20 bytes that differ in their middle, as cheap to make as a test can: what is measured is the writing. */
export function* benchEntries(count: number): Generator<CrlEntry> {
  const serial = Buffer.from('5AB1C2D3E4F5000000000718293A4B5C6D7E8F90', 'latin1');
  const digits = Buffer.from('0123456789ABCDEF', 'latin1');
  for (let i = 0; i < count; i++) {
    for (let at = 19, rest = i; at >= 12; at--, rest >>>= 4) serial[at] = digits[rest & 15] ?? 0;
    yield { serial: serial.toString('latin1'), revokedAt: '2026-01-01T00:00:00.000Z', reason: 'keyCompromise' };
  }
}
