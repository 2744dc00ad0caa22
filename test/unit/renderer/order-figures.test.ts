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
      timeLeft: { value: '9', unit: 'minutes' },
    });
    expect(figuresOf(given.order({ passed: 0, failed: 0, unitsPerHour: null, minutesLeft: null }))).toMatchObject({
      yield: null,
      rate: null,
      timeLeft: null,
    });
  });

  it('says how long it takes in the unit that a person would use', () => {
    const left = (minutesLeft: number) => figuresOf(given.order({ minutesLeft })).timeLeft;
    expect(left(119.2)).toEqual({ value: '120', unit: 'minutes' });
    expect(left(121)).toEqual({ value: '3', unit: 'hours' });
    expect(left(6623)).toEqual({ value: '5', unit: 'days' });
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
