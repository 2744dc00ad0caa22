import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { readRevocationList } from '../../../src-main/station/life/revocation-list.ts';

const serial = 'AB'.repeat(20);
const fingerprint = 'cd'.repeat(32);

function problemsOf(text: string): string {
  try {
    readRevocationList(text);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'LIST_INVALID') return String(thrown.params['problems']);
    throw thrown;
  }
  throw new Error('it was read');
}

describe('a list of what to revoke is read as spreadsheets write it', () => {
  const expected = [
    { line: 2, serial, reason: 'keyCompromise' },
    { line: 3, device: 'acme/T-1' },
    { line: 4, fingerprint },
  ];
  const rows = [
    ['serial', 'device', 'fingerprint', 'reason', 'remark'],
    [serial, '', '', 'keyCompromise', 'stolen'],
    ['', 'acme/T-1', '', '', ''],
    ['', '', fingerprint, '', ''],
  ];
  test.each([
    ['commas', ',', '\n'],
    ['semicolons and CRLF', ';', '\r\n'],
    ['tabs', '\t', '\n'],
  ])('with %s', (_, delimiter, end) => {
    const text = rows.map((row) => row.join(delimiter)).join(end);
    for (const form of [text, `${text}${end}`, `\uFEFF${text}`]) expect(readRevocationList(form)).toEqual(expected);
  });

  test('with quotes, blanks, colons, other letter cases and empty lines', () => {
    const colons = serial.toLowerCase().replace(/..(?=.)/gu, '$&:');
    expect(readRevocationList(` Serial ,"Reason"\n\n"${colons}" , superseded \n`)).toEqual([{ line: 3, serial, reason: 'superseded' }]);
  });
});

test('every bad line is named, and then nothing is read', () => {
  const text = `serial,reason,device\n${serial},,\nxyz,,\n${serial},removeFromCRL,\n,,acme\n${serial},,acme/T-1\n,,\n`;
  const problems = problemsOf(text);
  expect(problems).toMatch(/line 3: “xyz” is not a serial/u);
  expect(problems).toMatch(/line 4: “removeFromCRL” is not a reason/u);
  expect(problems).toMatch(/line 5: “acme” is not a device/u);
  expect(problems).toMatch(/line 6: it must have exactly one of/u);
  expect(problems).toMatch(/line 7: it must have exactly one of/u);
});

test('of many bad lines the first are told, and how many there are', () => {
  expect(problemsOf(`serial\n${'x\n'.repeat(12)}`)).toMatch(/line 6.*; and 7 more$/u);
});

test.each([
  ['nothing', '', /no line below the heading/u],
  ['a heading alone', 'serial\n', /no line below the heading/u],
  ['no column that names a certificate', 'name\nacme/T-1\n', /line 1: no column/u],
  ['a quote that never ends', `serial\n"${serial}\n`, /quote/iu],
  ['more fields than columns', `serial\n${serial},x\n`, /line 2/u],
])('%s is no list', (_, text, problem) => {
  expect(problemsOf(text)).toMatch(problem);
});
