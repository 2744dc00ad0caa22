import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { birthmark } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-running-'));
const stations: TestStation[] = [];
afterAll(async () => {
  for (const station of stations) await station.dispose();
  rmSync(dir, { recursive: true, force: true });
});

const slots = Array.from({ length: 16 }, (_, at) => at + 1);
const serialsOf = async (station: TestStation): Promise<string[]> =>
  (await station.call('certificates.list', { limit: 500 })).rows.map(({ serial }) => serial);

test('a backup in the middle of sixteen runs disturbs none of them, and a station restored from it gives no serial number twice', async () => {
  const station = await TestStation.tryOut(16);
  stations.push(station);
  const begun = station.waitFor('slot.changed', ({ run, state }) => run !== null && state === 'RUNNING');
  const runs = slots.map((slot) => station.run(slot));
  await begun;
  const { backup } = await station.call('backups.create', {});
  const running = (await station.call('line.slots', {})).filter(({ state }) => state === 'RUNNING');
  expect(running).not.toEqual([]);
  expect((await Promise.all(runs)).map(({ state }) => state)).toEqual(slots.map(() => 'PASS'));
  expect(await station.problems()).toEqual([]);
  const given = await serialsOf(station);
  expect(given.length).toBeGreaterThan(backup.counts.certificates);
  await station.stop();

  const dataDir = join(dir, 'restored');
  mkdirSync(dataDir);
  cpSync(join(station.dataDir, 'token'), join(dataDir, 'token'), { recursive: true });
  for (const args of [
    ['restore', backup.path, '--officer', 'Officer'],
    ['folder', 'confirm', '--note', 'the old folder is gone'],
  ])
    expect(await birthmark([...args, '--data', dataDir, '--json'])).toMatchObject({ code: 0 });
  const restored = new TestStation({ dataDir });
  stations.push(restored);
  await restored.openSession({ quota: 30 });
  await restored.call('publication.settle', {});
  // The bench has put a unit into each slot again.
  await restored.slotIs(1, 'PASS', 'HAS_IDENTITY');
  await restored.unplug(1);
  const next = await restored.run(1);
  expect(next.failure).toBeNull();
  expect(next.state).toBe('PASS');
  const [made] = (await restored.call('certificates.list', { search: unwrap(next.device, 'it passed') })).rows;
  expect(given).not.toContain(unwrap(made, 'it has one').serial);
  expect(await restored.problems()).toEqual([]);
});
