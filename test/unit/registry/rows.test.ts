import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Failure } from '../../../src-main/contract/index.ts';
import { flag, json } from '../../../src-main/station/registry/rows.ts';
import { TestRegistry } from '../../support/registry.ts';
import { thrownBy } from '../../support/thrown.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const Named = z.object({ name: z.string(), isOpen: flag, ports: json(z.array(z.int())) });
const reading = (text: string) => here.registry.store.query(Named, text);

test('a row is read into its type: booleans, and JSON that stands in a column', () => {
  expect(reading(`SELECT 'Ada' AS name, 1 AS isOpen, '[1,2]' AS ports`).all()).toEqual([{ name: 'Ada', isOpen: true, ports: [1, 2] }]);
  expect(reading(`SELECT 'Ada' AS name, 0 AS isOpen, '[]' AS ports WHERE false`).get()).toBeNull();
});

test.each([
  ['a column of another type', `SELECT 7 AS name, 1 AS isOpen, '[]' AS ports`, 'name'],
  ['a column that is not there', `SELECT 'Ada' AS name, '[]' AS ports`, 'isOpen'],
  ['a number that is no boolean', `SELECT 'Ada' AS name, 2 AS isOpen, '[]' AS ports`, 'isOpen'],
  ['JSON that is none', `SELECT 'Ada' AS name, 1 AS isOpen, '[1,' AS ports`, 'ports'],
  ['JSON of another shape', `SELECT 'Ada' AS name, 1 AS isOpen, '["a"]' AS ports`, 'ports.0'],
])('%s: DATA_DAMAGED names the column', (_, text, column) => {
  const each = [() => reading(text).get(), () => reading(text).one(), () => reading(text).all(), () => [...reading(text).iterate()]];
  for (const read of each)
    expect(thrownBy(read)).toMatchObject({ code: 'DATA_DAMAGED', detail: expect.stringContaining(`${column} `) as string });
});

test('a statement that must have a row and has none is a bug, and says nothing of damage', () => {
  const none = here.registry.store.values(z.string(), 'SELECT name FROM operators WHERE false');
  expect(none.get()).toBeNull();
  expect(thrownBy(() => none.one())).not.toBeInstanceOf(Failure);
});

test('a record that was damaged by hand is refused', () => {
  const { run } = here.run();
  here.registry.store.sql(`UPDATE runs SET gaps = 'none' WHERE id = ?`).run(run);
  expect(thrownBy(() => here.registry.runs.get(run))).toMatchObject({ code: 'DATA_DAMAGED' });
});
