import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hook } from '../../support/line.ts';
import { TestLine } from '../../support/line.ts';
import { order } from '../../support/registry.ts';

let line: TestLine;
let hold: Hook = () => undefined;
beforeEach(() => {
  hold = () => undefined;
  line = new TestLine((what) => hold(what));
});
afterEach(() => line.here.dispose());

const labelled = `${order.tenant}/${order.idPrefix}000777`;

describe('a label', () => {
  test('that was scanned before the unit came names it; the next unit gets the next number', async () => {
    line.line.label(1, labelled);
    expect(line.view).toMatchObject({ state: 'EMPTY', label: labelled });
    expect(await line.run()).toMatchObject({ state: 'PASS', device: labelled });
    expect(line.here.registry.devices.get(labelled)).toMatchObject({ hardwareId: 'HW-1' });
    line.plug(false);
    line.unit = { ...line.unit, hardwareId: 'HW-2' };
    const next = await line.run();
    expect(next).toMatchObject({ state: 'PASS', label: null });
    expect(next.device).not.toBe(labelled);
  });

  test('of a device that was registered by its name alone binds it to the unit', async () => {
    line.here.registry.devices.add({ device: labelled, hardwareId: null, model: 'S1' }, null, 'officer');
    line.line.label(1, labelled);
    expect(await line.run()).toMatchObject({ state: 'PASS', device: labelled });
    expect(line.here.registry.devices.byHardwareId('HW-1')).toMatchObject({ device: labelled, state: 'APPROVED' });
  });

  test.each(['the label', 'the unit'])('where %s belongs to another one already: LABEL_MISMATCH, and nothing is signed', async (which) => {
    const hardwareId = which === 'the label' ? 'HW-9' : 'HW-1';
    const device = which === 'the label' ? labelled : `${order.tenant}/other`;
    line.here.registry.devices.add({ device, hardwareId, model: 'S1' }, order.id, 'officer');
    line.line.label(1, labelled);
    expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'LABEL_MISMATCH' } });
    expect(line.asked).not.toContain('sign');
    expect(line.here.registry.devices.byHardwareId('HW-1')?.device).toBe(which === 'the label' ? undefined : device);
  });

  test('that nobody registered and the order does not cover is NOT_FOUND', async () => {
    line.line.label(1, 'other/T-1');
    expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'NOT_FOUND' } });
  });

  test('does not change under a run', async () => {
    let go = (): void => undefined;
    hold = (what) => (what === 'key' ? new Promise<void>((done) => (go = done)) : undefined);
    line.plug();
    await expect.poll(() => line.asked).toContain('key');
    expect(() => line.line.label(1, labelled)).toThrow(expect.objectContaining({ code: 'SLOT_RUNNING' }));
    expect(() => line.line.rearrange([])).toThrow(expect.objectContaining({ code: 'SLOT_RUNNING' }));
    go();
    expect(await line.ended()).toMatchObject({ state: 'PASS' });
  });
});

test('a fixture that is changed keeps the slots that stay where they are, with what they show', async () => {
  await line.run();
  line.line.rearrange([
    { slot: 1, path: '/dev/slot-1' },
    { slot: 2, path: 'hub:1-2' },
  ]);
  expect(line.line.views().map(({ slot, path, state }) => [slot, path, state])).toEqual([
    [1, '/dev/slot-1', 'PASS'],
    [2, 'hub:1-2', 'EMPTY'],
  ]);
  line.line.rearrange([{ slot: 1, path: '/dev/elsewhere' }]);
  expect(line.line.views()).toMatchObject([{ slot: 1, path: '/dev/elsewhere', state: 'EMPTY', device: null }]);
});
