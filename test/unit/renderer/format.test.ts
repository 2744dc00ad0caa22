import { describe, expect, it } from 'vitest';
import {
  bytes,
  countdown,
  shortDevice,
  shortHex,
  shortLabel,
  shortOrder,
  since,
  span,
  took,
  until,
} from '../../../src-renderer/lib/format.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('times', () => {
  it('says how long a run took in tenths of seconds, and in minutes when it was long', () => {
    expect(took(8140)).toBe('8.1\u00a0s');
    expect(took(125_400)).toBe('2 min 05\u00a0s');
  });

  it.each([
    [-5, '0 s'],
    [40_900, '40 s'],
    [18 * minute, '18 min'],
    [5 * hour + 12 * minute, '5 h 12 min'],
    [5 * hour, '5 h'],
    [3 * day, '3 days'],
    [4 * 365 * day + 92 * day, '4 years 3 months'],
    [20 * 365 * day, '20 years'],
  ])('%d ms is %s', (ms, words) => {
    expect(span(ms)).toBe(words);
  });

  it('counts down in the biggest units, never below zero', () => {
    expect(countdown(5 * hour + 12 * minute)).toEqual({ value: '5:12', unit: 'h' });
    expect(countdown(5 * hour + 2 * minute)).toEqual({ value: '5:02', unit: 'h' });
    expect(countdown(18.9 * minute)).toEqual({ value: '18', unit: 'min' });
    expect(countdown(-1)).toEqual({ value: '0', unit: 's' });
  });

  it('measures from and to an instant', () => {
    const now = Date.parse('2026-03-02T08:00:00.000Z');
    expect(since('2026-03-02T07:42:00.000Z', now)).toBe('18 min');
    expect(until('2026-03-02T08:00:40.000Z', now)).toBe('40 s');
  });
});

describe('sizes and names', () => {
  it('shows bytes in decimal units', () => {
    expect([812, 2114, 14_400_000].map(bytes)).toEqual(['812 B', '2.1 kB', '14 MB']);
  });

  it('cuts a long number in the middle and leaves a short one whole', () => {
    expect(shortHex('7C1E04B2AABBCCDDEEFF0D9A')).toBe('7C1E04B2…0D9A');
    expect(shortHex('7C1E04B20D9A')).toBe('7C1E04B20D9A');
  });

  it('never loses the running number at the end of a label', () => {
    const label = 'T2-EU-868MHZ-00000000000000000131';
    expect(shortLabel(label)).toBe('T2-EU-868MHZ…00000000000131');
    expect(shortLabel('T2-000131')).toBe('T2-000131');
    expect(shortDevice('international-thermodynamics/THERMO-EU-000005')).toBe('internat…/THERMO-EU-000005');
    expect(shortDevice('acme/S1-000001')).toBe('acme/S1-000001');
    expect(shortOrder('A-very-long-work-order-2026-11-23')).toBe('A-very-l…-2026-11-23');
    expect(shortOrder('TRY-1')).toBe('TRY-1');
  });
});
