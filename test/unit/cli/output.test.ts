import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandContext } from '../../../src-main/cli/context.ts';
import type { Format } from '../../../src-main/cli/grammar/formats.ts';
import { Output } from '../../../src-main/cli/output.ts';
import { printPages, type Column } from '../../../src-main/cli/rows.ts';
import { Values } from '../../../src-main/cli/values.ts';
import { Failure, limits } from '../../../src-main/contract/index.ts';

let [stdout, stderr] = ['', ''];
beforeEach(() => {
  [stdout, stderr] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => vi.restoreAllMocks());

interface Row {
  readonly name: string;
  readonly seen: string | null;
}
const columns: readonly Column<Row>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'LAST SEEN', of: ({ seen }) => seen },
];
const outputOf = (format: Format, quiet = false): Output => new Output({ format, quiet, fileOnStandardOutput: false });

/** Prints `all` in a format; answers which pages were asked for. */
async function print(format: Format, all: readonly Row[], limit?: number): Promise<string[]> {
  const output = outputOf(format);
  const given = new Map(limit === undefined ? [] : [['limit', String(limit)] as const]);
  const context = new CommandContext(output, new Values(given, [], new Set(['limit'])));
  const asked: string[] = [];
  await printPages(context, columns, (page) => {
    const from = Number(page.cursor ?? 0);
    const upTo = from + page.limit;
    asked.push(`${String(from)}+${String(page.limit)}`);
    return Promise.resolve({ total: all.length, rows: all.slice(from, upTo), next: upTo < all.length ? String(upTo) : null });
  });
  output.finish(0);
  return asked;
}

const two: readonly Row[] = [
  { name: 'a, "b"', seen: null },
  { name: 'long name', seen: '2026-05-04' },
];

test('rows as a table, as one object, one a line, and as CSV', async () => {
  await print('table', two);
  expect(stdout).toBe('NAME       LAST SEEN\na, "b"     -\nlong name  2026-05-04\n');
  stdout = '';
  await print('json', two);
  expect(JSON.parse(stdout)).toEqual({ verdict: 'PASS', result: { total: 2, rows: two }, error: null });
  stdout = '';
  await print('json-lines', two);
  expect(
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(two);
  stdout = '';
  await print('csv', two);
  expect(stdout).toBe('name,last_seen\n"a, ""b""",\nlong name,2026-05-04\n');
});

test('all rows are read, page by page, or as many as were asked for', async () => {
  const many = Array.from({ length: limits.pageRows + 3 }, (_, index) => ({ name: String(index), seen: null }));
  expect(await print('json-lines', many)).toEqual([
    `0+${String(limits.pageRows)}`,
    `${String(limits.pageRows)}+${String(limits.pageRows)}`,
  ]);
  expect(stdout.split('\n').length).toBe(many.length + 1);
  expect(await print('csv', many, 2)).toEqual(['0+2']);
  expect(await print('table', [])).toEqual([`0+${String(limits.pageRows)}`]);
});

test('a failure has the shape of every answer, also where rows are one a line', () => {
  for (const format of ['json', 'json-lines'] as const) {
    stdout = '';
    const output = outputOf(format);
    expect(output.failure(new Failure('NOT_SET_UP').toData())).toBe(3);
    output.finish(3);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'FAIL',
      result: null,
      error: { code: 'NOT_SET_UP', title: 'The station is not set up yet' },
    });
  }
  expect(stderr).toContain('code: NOT_SET_UP');
});

test('what is needed before the end is printed at once, as PENDING, and once only', () => {
  const output = outputOf('json');
  output.resultNow({ link: 'x' }, () => '');
  output.finish(1);
  expect(JSON.parse(stdout)).toEqual({ verdict: 'PENDING', result: { link: 'x' }, error: null });
});

test('--quiet leaves failures on standard error and nothing else', () => {
  const output = outputOf('table', true);
  output.note('a notice');
  output.failure(new Failure('NOT_SET_UP').toData());
  expect(stderr).not.toContain('notice');
  expect(stderr).toContain('NOT_SET_UP');
});

test('progress is for terminals only', () => {
  outputOf('table').progress('1/14 Make the token');
  expect(stderr).toBe('');
});
