import { describe, expect, test } from 'vitest';
import { Failure, limits } from '../../../src-main/contract/index.ts';
import { readRevocationList } from '../../../src-main/station/revocation/list-file.ts';

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
  ['a quote that never ends', `serial\n"${serial}\n`, /quotation mark is not closed/u],
  ['more fields than columns', `serial\n${serial},x\n`, /line 2/u],
])('%s is no list', (_, text, problem) => {
  expect(problemsOf(text)).toMatch(problem);
});

describe('what spreadsheets of other countries and makers do', () => {
  test('the delimiter of the heading counts: a comma in a remark separates nothing', () => {
    const text = `Serial;Remark\r\n${serial};"taken, then found"\r\n${serial.toLowerCase()};a, b, c\r\n`;
    expect(readRevocationList(text)).toEqual([
      { line: 2, serial },
      { line: 3, serial },
    ]);
  });
  test('line ends of old Macs', () => {
    expect(readRevocationList(`device,reason\racme/T-1,superseded\racme/T-2,\r`).map(({ device }) => device)).toEqual([
      'acme/T-1',
      'acme/T-2',
    ]);
  });
  test('a column that is there twice', () => {
    expect(problemsOf(`serial,device,Serial\n${serial},,\n`)).toMatch(/line 1: two columns are called “serial”/u);
  });
  test('fifty thousand fingerprints, and one that is bad', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => index.toString(16).padStart(64, '0'));
    const list = readRevocationList(`fingerprint\n${many.join('\n')}\n`);
    expect(list).toHaveLength(50_000);
    expect(list.at(-1)).toEqual({ line: 50_001, fingerprint: many.at(-1) });
    expect(problemsOf(`fingerprint\n${many.join('\n')}\nxyz\n`)).toMatch(/^line 50002: “xyz”/u);
    expect(`fingerprint\n${many.join('\n')}\n`.length).toBeLessThan(limits.listChars);
  });
});
