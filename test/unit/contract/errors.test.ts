import { describe, expect, test } from 'vitest';
import {
  catalogue,
  explain,
  Failure,
  FailureData,
  logBugsTo,
  parametersOf,
  stackOf,
  storedFailure,
  toFailureData,
} from '../../../src-main/contract/index.ts';

const portGone = { code: 'PORT_GONE', params: { path: '/dev/ttyUSB0' }, retry: 'same' } as const;

describe('a failure', () => {
  test('has the parameters of its text: one that is absent, or one too many, does not compile', () => {
    // @ts-expect-error the text of PORT_GONE has {path}
    expect(() => new Failure('PORT_GONE', {})).not.toThrow();
    // @ts-expect-error the text of PORT_GONE has no {port}
    expect(() => new Failure('PORT_GONE', { path: '/dev/ttyUSB0', port: 1 })).not.toThrow();
    // @ts-expect-error the text of PORT_GONE has parameters
    expect(() => new Failure('PORT_GONE')).not.toThrow();
    // @ts-expect-error the text of KEY_MISMATCH has none
    expect(() => new Failure('KEY_MISMATCH', { path: '' })).not.toThrow();
    // A fact is known or not.
    expect(new Failure('NO_RESPONSE', { path: 'a' }).params).toEqual({ path: 'a' });
    expect(new Failure('NO_RESPONSE', { path: 'a', ms: 3 }).params).toEqual({ path: 'a', ms: 3 });
  });

  test('keeps what lies underneath as its cause, and lets one line of it out', () => {
    const root = new Error('read EIO');
    const cause = new Error('first line\n  second line', { cause: root });
    const failure = new Failure('PORT_GONE', { path: '/dev/ttyUSB0' }, cause);
    expect(failure.cause).toBe(cause);
    expect(failure.toData()).toEqual({ ...portGone, detail: 'first line second line' });
    expect(stackOf(failure)).toMatch(/PORT|ttyUSB0[^]*errors\.test\.ts[^]*caused by Error: first line[^]*caused by Error: read EIO/u);
  });

  test('from another process has the parameters of its text, or is INTERNAL and says what was missing', () => {
    expect(FailureData.parse(portGone)).toEqual(portGone);
    expect(FailureData.parse({ ...portGone, params: { path: 'a', more: 1 } }).params).toEqual({ path: 'a' });
    const without = { ...portGone, params: {} };
    const expected = { code: 'INTERNAL', params: { id: expect.any(String) as string }, detail: 'PORT_GONE came without path' };
    expect(FailureData.parse(without)).toMatchObject(expected);
    expect(Failure.fromData(without).toData()).toMatchObject(expected);
    expect(storedFailure(JSON.stringify(portGone))).toEqual(portGone);
    expect(storedFailure(JSON.stringify(without))).toMatchObject(expected);
    expect(storedFailure('{"code":"OF_ANOTHER_VERSION","params":{},"retry":"same"}')).toMatchObject({ code: 'INTERNAL' });
  });
});

test('a bug is answered with an id that finds its stack in the log, and with nothing of its message', () => {
  const lines: string[] = [];
  logBugsTo((line) => lines.push(line));
  const bug = new Error('PIN 123456 in a message');
  const data = toFailureData(bug);
  expect(data).toMatchObject({ code: 'INTERNAL', retry: 'never' });
  expect(JSON.stringify(data)).not.toContain('123456');
  expect(toFailureData(bug)).toEqual(data);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^bug ${String(data.params['id'])}: Error: PIN 123456[^]*errors\\.test\\.ts`, 'u'));
  logBugsTo(() => undefined);
});

test.each(Object.keys(catalogue) as (keyof typeof catalogue)[])('%s: no text keeps a placeholder, none says “unknown”', (code) => {
  const { title, what, steps } = explain(code, Object.fromEntries(parametersOf(code).map((name) => [name, 'VALUE'])));
  expect([title, what, ...steps].join('\n')).not.toMatch(/[{}]|\bunknown\b/iu);
});
