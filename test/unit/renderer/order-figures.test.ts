import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../src-renderer/features/line/order-figures.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';

describe('the figures of a work order', () => {
  it('counts only what passed as good, and nothing before the first verdict', () => {
    expect(figuresOf(given.order({ passed: 137, failed: 2, notVerified: 1 }))).toMatchObject({
      yield: '98.6',
      left: 62,
      rate: '412',
      minutesLeft: '9',
    });
    expect(figuresOf(given.order({ passed: 0, failed: 0, unitsPerHour: null, minutesLeft: null }))).toMatchObject({
      yield: null,
      rate: null,
      minutesLeft: null,
    });
  });

  it('never fills the bar over its end, however many units failed', () => {
    const few = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(few, few, few, (passed, failed, notVerified) => {
        const { shares, left } = figuresOf(given.order({ passed, failed, notVerified }));
        expect(shares.passed + shares.failed + shares.notVerified).toBeLessThanOrEqual(1 + 1e-9);
        expect(left).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
