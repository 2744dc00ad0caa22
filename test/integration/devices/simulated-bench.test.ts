import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { catalogue } from '../../../src-main/contract/index.ts';
import { openUnit } from '../../../src-main/station/devices/index.ts';
import { presence } from '../../../src-main/station/devices/presence.ts';
import { SimulatedBench, simulatedFaults } from '../../../src-main/station/try-out/index.ts';
import { agentPath, referenceProfile } from '../../support/agent.ts';

const disposables: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

function benchOf(slots: number): { bench: SimulatedBench; dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-bench-'));
  const bench = new SimulatedBench({ agentPath, dir, slots });
  disposables.push(
    () => rmSync(dir, { recursive: true, force: true }),
    () => bench.close(),
  );
  return { bench, dir };
}

const identityIn = async (path: string): Promise<string> => {
  const { signal } = new AbortController();
  const session = await openUnit({ path, profile: referenceProfile, signal });
  try {
    return (await session.identify({ signal })).hardwareId;
  } finally {
    await session.close();
  }
};

test('units are plugged, found at their place, unplugged, and plugged again with their memory', async () => {
  const { bench, dir } = benchOf(2);
  expect(bench.units()).toEqual([1, 2].map((slot) => ({ slot, hardwareId: null, fault: null })));
  const unit = await bench.plug(2, { fault: 'noisy-log' });
  expect(bench.units()[1]).toEqual({ slot: 2, hardwareId: unit.hardwareId, fault: 'noisy-log' });
  expect(await identityIn(join(dir, 'slot-2'))).toBe(unit.hardwareId);
  await bench.unplug(2);
  expect(existsSync(join(dir, 'slot-2'))).toBe(false);
  expect(bench.units()[1]?.hardwareId).toBeNull();
  await bench.plug(1, { hardwareId: unit.hardwareId });
  expect(await identityIn(join(dir, 'slot-1'))).toBe(unit.hardwareId);
});

test('new units are all different', async () => {
  const { bench } = benchOf(4);
  const units = await Promise.all([1, 2, 3, 4].map((slot) => bench.plug(slot)));
  expect(new Set(units.map(({ hardwareId }) => hardwareId)).size).toBe(4);
});

test('what cannot be done is a failure that says so', async () => {
  const { bench } = benchOf(1);
  await expect(bench.plug(2)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(bench.plug(1, { fault: 'no-such' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await bench.plug(1);
  await expect(bench.plug(1)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await bench.unplug(1);
  await bench.unplug(1);
});

test('an agent that cannot be started is a failure, and the slot is free', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-bench-'));
  disposables.push(() => rmSync(dir, { recursive: true }));
  for (const path of ['/no/such/agent', '/bin/false']) {
    const bench = new SimulatedBench({ agentPath: path, dir, slots: 1 });
    await expect(bench.plug(1)).rejects.toMatchObject({ code: 'SERVICE_CRASHED' });
    await expect.poll(() => bench.units()[0]?.hardwareId).toBeNull();
  }
});

test('units end with their bench’s process, also when that is killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-bench-'));
  disposables.push(() => rmSync(dir, { recursive: true, force: true }));
  const door = resolve('src-main/station/try-out/index.ts');
  const code = `const { SimulatedBench } = await import(${JSON.stringify(door)});
    await new SimulatedBench(${JSON.stringify({ agentPath, dir, slots: 1 })}).plug(1);
    console.log('plugged'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(await presence(join(dir, 'slot-1'))).not.toBeNull();
  child.kill('SIGKILL');
  await expect.poll(() => presence(join(dir, 'slot-1'))).toBeNull();
});

test('the list of faults is complete in itself: names once, explained, with ends that the catalogue knows', () => {
  expect(new Set(simulatedFaults.map(({ name }) => name)).size).toBe(simulatedFaults.length);
  for (const { about } of simulatedFaults) expect(about.length).toBeGreaterThan(20);
  const codes = simulatedFaults.flatMap(({ expected }) => (expected === 'survive' ? [] : [expected.code]));
  expect(codes.filter((code) => !(code in catalogue))).toEqual([]);
});
