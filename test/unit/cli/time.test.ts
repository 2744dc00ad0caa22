import { expect, test } from 'vitest';
import { parseTime } from '../../../src-main/cli/time.ts';

const read = (text: string): string => parseTime('--issued-from', text);

test.each([
  ['2026-05-04T06:00Z', '2026-05-04T06:00:00.000Z'],
  ['2026-05-04T06:00:07.5Z', '2026-05-04T06:00:07.500Z'],
  ['2026-05-04t06:00z', '2026-05-04T06:00:00.000Z'],
  ['2026-05-04T00:30+02:00', '2026-05-03T22:30:00.000Z'],
  ['2026-05-04T00:30+0200', '2026-05-03T22:30:00.000Z'],
  ['2026-12-31T23:30-05:30', '2027-01-01T05:00:00.000Z'],
  ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ['2000-02-29T00:00Z', '2000-02-29T00:00:00.000Z'],
  ['0099-01-01T00:00Z', '0099-01-01T00:00:00.000Z'],
])('%s is %s', (text, moment) => {
  expect(read(text)).toBe(moment);
});

test.each([
  ['2026-02-31T00:00Z', 'day'],
  ['2026-02-29T00:00Z', 'day'],
  ['2100-02-29T00:00Z', 'day'],
  ['2026-04-31T00:00Z', 'day'],
  ['2026-04-00T00:00Z', 'day'],
  ['2026-13-01T00:00Z', 'month'],
  ['2026-00-01T00:00Z', 'month'],
  ['2026-05-04T24:00Z', 'hour'],
  ['2026-05-04T06:60Z', 'minute'],
  ['2016-12-31T23:59:60Z', 'leap second'],
  ['2026-05-04T06:00+24:00', 'offset'],
  ['2026-05-04T06:00+02:60', 'offset'],
  ['9999-12-31T23:59-01:00', 'outside the years'],
  ['0000-01-01T00:00+01:00', 'outside the years'],
  ['2026-05-04T06:00', 'not a time with a zone'],
  ['2026-05-04', 'not a time with a zone'],
  ['2026-05-04 06:00Z', 'not a time with a zone'],
  ['2026-05-04T06:00:00.1234Z', 'not a time with a zone'],
  ['+12026-05-04T06:00Z', 'not a time with a zone'],
  ['2026-05-04T06:00Z\n', 'not a time with a zone'],
  ['May 4, 2026 T06:00Z', 'not a time with a zone'],
  ['', 'not a time with a zone'],
])('%j is refused: %s', (text, problem) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      params: { field: '--issued-from', problem: expect.stringContaining(problem) as string },
    }),
  );
});
