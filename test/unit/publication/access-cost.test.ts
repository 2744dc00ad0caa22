import { expect, test } from 'vitest';
import { accessListStall } from '../../../src-main/station/publication/access-cost.ts';

test.each([
  [0, '2.0.11', 0],
  [5_000, '2.0.11', 400],
  [10_000, '2.0.11', 1_800],
  [20_000, '2.0.11', 11_600],
  [20_000, null, 11_600],
  [100_000, '2.1.2', 300],
  [1_000_000, '2.1.2', 3_300],
])('%i devices on %s: what was measured', (devices, version, ms) => {
  expect(accessListStall(devices, version)).toBe(ms);
});

test('it grows with every device, quadratic before 2.1 and about linear from there on', () => {
  const counts = [1, 100, 2_000, 7_000, 15_000, 40_000, 100_000];
  for (const version of ['2.0.18', '2.1.0', '3.0']) {
    const costs = counts.map((count) => accessListStall(count, version));
    expect(costs).toEqual([...costs].sort((a, b) => a - b));
  }
  expect(accessListStall(1_000, '2.0.18')).toBeLessThan(50);
  expect(accessListStall(40_000, '2.0.18')).toBeGreaterThan(4 * 11_600);
  expect(accessListStall(50_000, '2.1.0')).toBeLessThan(300);
});
