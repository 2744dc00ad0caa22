import { expect, test } from 'vitest';
import { z } from 'zod';
import { DeviceName, firstProblem, parseInput } from '../../../src-main/contract/index.ts';

const all = z.strictObject({
  name: z.string().min(1).max(3),
  count: z.int().min(1).max(9),
  kind: z.enum(['a', 'b']),
  version: z.literal(1),
  on: z.boolean(),
  list: z.array(z.string()).min(1),
  at: z.iso.datetime(),
  either: z.union([z.string(), z.number()]),
  form: z.string().regex(/^x$/u),
});
const good = { name: 'a', count: 1, kind: 'a', version: 1, on: true, list: ['x'], at: '2026-03-02T08:00:00Z', either: 1, form: 'x' };

test.each([
  [{ name: undefined }, 'name', 'is missing'],
  [{ name: 5 }, 'name', 'must be a text'],
  [{ name: '' }, 'name', 'must have at least 1 character'],
  [{ name: 'abcd' }, 'name', 'must have at most 3 characters'],
  [{ count: 0 }, 'count', 'must be at least 1'],
  [{ count: 10 }, 'count', 'must be at most 9'],
  [{ count: 1.5 }, 'count', 'must be a whole number'],
  [{ kind: 'c' }, 'kind', 'must be one of "a", "b"'],
  [{ kind: undefined }, 'kind', 'is missing: it must be one of "a", "b"'],
  [{ version: 2 }, 'version', 'must be 1'],
  [{ on: 'yes' }, 'on', 'must be true or false'],
  [{ list: [] }, 'list', 'must have at least 1 entry'],
  [{ list: ['x', null] }, 'list.1', 'must be a text'],
  [{ at: 'noon' }, 'at', 'must be a date and time in UTC, for example 2026-03-02T08:00:00.000Z'],
  [{ either: true }, 'either', 'has none of the forms that are allowed here'],
  [{ form: 'y' }, 'form', 'must have the form /^x$/u'],
  [{ more: 1 }, 'a call', 'has a field that is not known here: "more"'],
])('%o: %s %s', (changes, field, problem) => {
  expect(() => parseInput(all, { ...good, ...changes }, 'a call')).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', params: { field, problem }, detail: undefined }),
  );
});

test('what a schema says itself comes first', () => {
  const { error } = DeviceName.safeParse('acme');
  expect(error === undefined ? null : firstProblem(error, 'device')).toEqual({ field: 'device', problem: 'must be {tenant}/{device}' });
});
