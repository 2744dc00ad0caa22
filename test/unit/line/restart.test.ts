import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestLine } from '../../support/line.ts';

let line: TestLine;
beforeEach(async () => {
  line = new TestLine();
  expect((await line.run()).state).toBe('PASS');
  line.unit = { ...line.unit, provisioned: true };
});
afterEach(() => line.here.dispose());

test('a unit that passed and stayed in its slot is PASS after a restart, with what it passed with', async () => {
  const before = line.view;
  const after = await line.restart();
  expect(after).toMatchObject({ state: 'PASS', device: before.device, run: before.run, proofLevel: 'device-connected', failure: null });
  expect(after.earlier).toEqual({ at: expect.any(String) as string, order: 'ORDER-1' });
  expect(after.steps.map(({ step }) => step)).toEqual(before.steps.map(({ step }) => step));
  // Also after the next one.
  expect((await line.restart()).state).toBe('PASS');
});

test('one that was taken out and comes back is a question', async () => {
  line.plug(false);
  line.plug();
  expect((await line.ended()).state).toBe('HAS_IDENTITY');
  await line.restart();
  line.plug(false);
  line.plug();
  expect(await line.ended()).toMatchObject({ state: 'HAS_IDENTITY', earlier: null });
});

test('one that was revoked meanwhile is a question, and so is an empty one under the same name', async () => {
  line.unit = { ...line.unit, provisioned: false };
  expect((await line.restart()).state).toBe('HAS_IDENTITY');
  line.unit = { ...line.unit, provisioned: true };
  const { certificates } = line.here.registry;
  const [row] = certificates.list({ search: '', limit: 1 }).rows;
  certificates.revoke(row?.serial ?? '', 'keyCompromise', '', 'Olga');
  expect((await line.restart()).state).toBe('HAS_IDENTITY');
});

test('another unit that passed before, put into this slot meanwhile, is a question', async () => {
  const first = line.unit;
  line.plug(false);
  line.unit = { ...first, hardwareId: 'HW-2', provisioned: false };
  line.plug();
  expect((await line.ended()).state).toBe('PASS');
  line.unit = first;
  expect((await line.restart()).state).toBe('HAS_IDENTITY');
});
