import type { CrlEntry } from '../../src-main/station/ca/index.ts';

/** The same entries each time: serial numbers of 20 bytes that differ in their middle. */
export function* benchEntries(count: number): Generator<CrlEntry> {
  for (let i = 0; i < count; i++) {
    yield {
      serial: `5AB1C2D3E4F5${i.toString(16).toUpperCase().padStart(8, '0')}0718293A4B5C6D7E8F90`,
      revokedAt: '2026-01-01T00:00:00.000Z',
      reason: 'keyCompromise',
    };
  }
}
