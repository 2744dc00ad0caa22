import { describe, expect, it } from 'vitest';
import { slotForLabel } from '../../../src-renderer/features/line/scan.ts';
import { slot } from '../../support/renderer-mock/fixtures.ts';

describe('a scanned label', () => {
  const running = slot(1, { state: 'RUNNING' });
  const empty = (number: number, label: string | null = null) => slot(number, { state: 'EMPTY', label });

  it('is for the first slot that waits for a unit and has no label', () => {
    expect(slotForLabel([running, empty(2, 'acme/T2-1'), empty(3), empty(4)], 'acme/T2-2')).toBe(3);
    expect(slotForLabel([running, slot(2, { state: 'READY' })], 'acme/T2-2')).toBe(2);
  });

  it('stays with the slot that has it', () => {
    expect(slotForLabel([empty(1), empty(2, 'acme/T2-1')], 'acme/T2-1')).toBe(2);
  });

  it('goes nowhere while no slot waits', () => {
    expect(slotForLabel([running, slot(2, { state: 'PASS' }), slot(3, { state: 'FAIL' })], 'acme/T2-1')).toBeNull();
    expect(slotForLabel([], 'acme/T2-1')).toBeNull();
  });
});
