import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestRegistry } from '../../support/registry.ts';
import { thrownBy } from '../../support/thrown.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

interface Page<T> {
  readonly total: number;
  readonly rows: readonly T[];
  readonly next: string | null;
}

/** All pages of a list, with what happens between any two of them. */
function pagesOf<T>(read: (cursor: string | null) => Page<T>, meanwhile: () => void): T[] {
  const rows: T[] = [];
  for (let cursor: string | null = null; ;) {
    const page = read(cursor);
    rows.push(...page.rows);
    if (page.next === null) return rows;
    cursor = page.next;
    meanwhile();
  }
}

const devices = (cursor: string | null, limit = 3) => here.registry.devices.list({ search: '', limit, cursor });

test.each([1, 3, 7, 8, 100])('pages of %i: each row once, newest first, though others come in and time goes on between them', (limit) => {
  // Several of one millisecond: their order is one all the same.
  for (let i = 0; i < 7; i++) here.run({ hardwareId: `HW-${String(i)}` });
  const before = devices(null, 100).rows.map(({ device }) => device);
  const found = pagesOf(
    (cursor) => devices(cursor, limit),
    () => {
      here.clock.pass(1);
      here.run();
    },
  );
  expect(found.map(({ device }) => device)).toEqual(before);
});

test('a row that goes meanwhile hides no other', () => {
  for (let i = 0; i < 6; i++) here.run();
  const list = (cursor: string | null) => here.registry.certificates.list({ search: '', status: 'SIGNED', limit: 2, cursor });
  const before = list(null).rows.map(({ serial }) => serial);
  const rest = here.registry.certificates.list({ search: '', status: 'SIGNED', limit: 100 }).rows.slice(2);
  const { next } = list(null);
  here.registry.certificates.activate(before[0] ?? '', 'test');
  const found = pagesOf(
    (cursor) => list(cursor ?? next),
    () => undefined,
  );
  expect(found.map(({ serial }) => serial)).toEqual(rest.map(({ serial }) => serial));
});

test('how many there are in all, and that the last page is the last', () => {
  for (let i = 0; i < 4; i++) here.run();
  expect([devices(null, 4).next, devices(null, 4).total]).toEqual([null, 4]);
  expect(devices(devices(null, 3).next)).toMatchObject({ total: 4, rows: [{}], next: null });
});

test.each(['', 'x', '!!', Buffer.from('{"a":1}').toString('base64url'), Buffer.from('["one"]').toString('base64url')])(
  'what is no cursor of this list is refused: %s',
  (cursor) => {
    expect(thrownBy(() => devices(cursor))).toMatchObject({ code: 'INVALID_INPUT', params: { field: 'cursor' } });
  },
);
