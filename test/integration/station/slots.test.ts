import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SlotView } from '../../../src-main/contract/index.ts';
import { Agent } from '../../support/agent.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

const ended = ({ run, state }: SlotView): boolean => run !== null && state !== 'RUNNING' && state !== 'READY';

test('sixteen units at once all pass', async () => {
  const station = await TestStation.tryOut(16);
  try {
    const views = await Promise.all(Array.from({ length: 16 }, (_, index) => station.run(index + 1)));
    expect(views.map(({ slot, state, proofLevel, failure }) => [slot, state, proofLevel, failure])).toEqual(
      views.map((_, index) => [index + 1, 'PASS', 'device-connected', null]),
    );
    expect(new Set(views.map(({ device }) => device)).size).toBe(16);
    expect(await station.problems()).toEqual([]);
  } finally {
    await station.dispose();
  }
});

describe('the fixture map', () => {
  let station: TestStation;
  let dir = '';
  const agents: Agent[] = [];
  beforeAll(async () => {
    station = await TestStation.tryOut(1);
    dir = mkdtempSync(join(tmpdir(), 'birthmark-fixture-'));
  });
  afterAll(async () => {
    await station.dispose();
    for (const agent of agents) await agent.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  async function unit(hardwareId: string): Promise<Agent> {
    const agent = await new Agent({ hardwareId }).start();
    agents.push(agent);
    return agent;
  }

  /** The end of the run of whatever comes into this slot. */
  const endOf = (slot: number): Promise<SlotView> => station.waitFor('slot.changed', (view) => view.slot === slot && ended(view));

  test('a port that no list shows is bound at once: what is plugged in there is made, and hot-plug goes on', async () => {
    const port = join(dir, 'ttyRS485-0');
    expect(await station.call('slots.extraPorts', { paths: [port] })).toEqual({ paths: [port] });
    expect(await station.call('slots.ports', {})).toContainEqual(expect.objectContaining({ path: port, present: false, slot: null }));
    const fixture = await station.call('slots.bind', { slot: 2, position: port });
    expect(fixture).toEqual([expect.objectContaining({ slot: 1 }), { slot: 2, position: port, port: null }]);
    expect(await station.call('line.slots', {})).toMatchObject([{ slot: 1 }, { slot: 2, path: port, state: 'EMPTY' }]);

    const first = endOf(2);
    symlinkSync((await unit('RS-1')).path, port);
    expect(await first).toMatchObject({ state: 'PASS', unit: { hardwareId: 'RS-1' } });
    expect(await station.call('slots.ports', {})).toContainEqual(expect.objectContaining({ path: port, present: true, slot: 2 }));
    unlinkSync(port);
    await station.slotIs(2, 'EMPTY');

    await station.call('line.label', { slot: 2, device: (await first).device?.replace(/\d+$/u, '000777') ?? '' });
    const second = endOf(2);
    symlinkSync((await unit('RS-2')).path, port);
    expect(await second).toMatchObject({
      state: 'PASS',
      unit: { hardwareId: 'RS-2' },
      device: expect.stringMatching(/000777$/u) as string,
    });
  });

  test('a slot that is bound elsewhere looks there from now on; the unit in its old place is nothing to it', async () => {
    const [before, after] = [join(dir, 'ttyRS485-0'), join(dir, 'moved')];
    await station.call('slots.bind', { slot: 2, position: after });
    await station.slotIs(2, 'EMPTY');
    renameSync(before, after);
    expect(await endOf(2)).toMatchObject({ state: 'HAS_IDENTITY', unit: { hardwareId: 'RS-2' } });
    expect(await station.call('slots.unbind', { slot: 2 })).toMatchObject([{ slot: 1 }]);
    expect(await station.call('line.slots', {})).toMatchObject([{ slot: 1 }]);
    await expect(station.call('slots.unbind', { slot: 2 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('one position is one slot; simulated slots stay; what is no position is refused', async () => {
    await station.call('slots.bind', { slot: 3, position: 'hub:1-2.3' });
    const refused = { code: 'INVALID_INPUT' };
    await expect(station.call('slots.bind', { slot: 4, position: 'hub:1-2.3' })).rejects.toMatchObject(refused);
    await expect(station.call('slots.bind', { slot: 1, position: '/dev/ttyS0' })).rejects.toMatchObject(refused);
    await expect(station.call('slots.unbind', { slot: 1 })).rejects.toMatchObject(refused);
    await expect(station.call('slots.bind', { slot: 4, position: 'ttyS0' })).rejects.toMatchObject(refused);
    await expect(station.call('slots.bind', { slot: 17, position: '/dev/ttyS0' })).rejects.toMatchObject(refused);
  });

  test('is kept, and the command line shows and changes it', async () => {
    await station.stop();
    const slots = async (...args: string[]) => jsonOf(await birthmark(['slots', ...args, '--data', station.dataDir, '--json']));
    expect(await slots('list')).toMatchObject({ rows: [{ slot: 1 }, { slot: 3, position: 'hub:1-2.3', port: null }] });
    expect(await slots('bind', '4=/dev/ttyRS485-1')).toMatchObject({ rows: [{}, {}, { slot: 4, position: '/dev/ttyRS485-1' }] });
    expect(await slots('unbind', '3')).toMatchObject({ rows: [{ slot: 1 }, { slot: 4 }] });
    expect(JSON.stringify(await slots('add-port', '/dev/ttyXR0'))).toContain('/dev/ttyXR0');
    expect(JSON.stringify(await slots('remove-port', '/dev/ttyXR0'))).not.toContain('/dev/ttyXR0');
    expect((await birthmark(['slots', 'bind', 'four=/dev/x', '--data', station.dataDir])).code).toBe(2);
  });
});
