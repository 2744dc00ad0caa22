import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

const stations: TestStation[] = [];
afterEach(async () => {
  for (const station of stations.splice(0)) await station.dispose();
});
function at(dataDir: string): TestStation {
  const station = new TestStation({ dataDir });
  stations.push(station);
  return station;
}
async function used(): Promise<TestStation> {
  const station = await TestStation.tryOut(1);
  expect((await station.run(1)).state).toBe('PASS');
  await station.stop();
  return station;
}
/** The unit in the slot is read once more, then goes, and another one passes. */
async function nextPasses(station: TestStation): Promise<void> {
  await station.slotIs(1, 'PASS', 'HAS_IDENTITY');
  await station.unplug(1);
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
}
const codes = async (station: TestStation): Promise<string[]> => {
  const { alarms, preconditions } = await station.call('station.status', {});
  return [...alarms, ...preconditions].map(({ failure }) => failure.code);
};
const auditOf = (dataDir: string, action: string): unknown[] => {
  const db = new Database(join(dataDir, 'station.db'), { readonly: true });
  try {
    return db.prepare('SELECT actor FROM audit WHERE action = ?').pluck().all(action);
  } finally {
    db.close();
  }
};

test('a folder that was moved works as before: the next unit passes, and nothing in it points to where it was', async () => {
  const before = await used();
  const moved = `${before.dataDir}-moved`;
  renameSync(before.dataDir, moved);
  const station = at(moved);
  await station.openSession();
  await nextPasses(station);
  expect(await station.problems()).toEqual([]);
  expect(await codes(station)).not.toContain('FOLDER_COPIED');
  expect(auditOf(moved, 'folder.moved')).toEqual(['station']);
  await station.stop();
  // What happened is told with the paths of that time.
  const history = /^(?:log|transcripts)\/|^station\.db/u;
  const pointing = readdirSync(moved, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !history.test(path.slice(moved.length + 1)) && readFileSync(path).includes(`${before.dataDir}/`));
  expect(pointing).toEqual([]);
  const db = new Database(join(moved, 'station.db'), { readonly: true });
  expect(db.prepare('SELECT key FROM settings WHERE value LIKE ?').pluck().all(`%${before.dataDir}%`)).toEqual(['place']);
  expect(db.prepare(`SELECT value FROM settings WHERE key = 'place'`).pluck().get()).toContain(`"${moved}"`);
  db.close();
});

test('a copy beside its original signs and publishes nothing until an officer says that the original is used no more', async () => {
  const original = await used();
  stations.push(original);
  const folder = `${original.dataDir}-copy`;
  cpSync(original.dataDir, folder, { recursive: true, filter: (path) => !/slot-\d+$|\.sock$/u.test(path) });
  const copy = at(folder);
  const copied = { code: 'FOLDER_COPIED', params: { path: folder, original: original.dataDir } };
  await expect(copy.openSession()).rejects.toMatchObject(copied);
  await expect(copy.call('crl.publish', {})).rejects.toMatchObject(copied);
  expect((await codes(copy)).filter((code) => code === 'FOLDER_COPIED')).toHaveLength(3);
  await copy.stop();
  const shown = await birthmark(['folder', 'show', '--data', folder, '--json']);
  expect([shown.code, jsonOf(shown)]).toMatchObject([3, { path: folder, doubt: copied }]);

  await original.reopen();
  await original.openSession();
  expect(await codes(original)).not.toContain('FOLDER_COPIED');
  await original.stop();

  const confirmed = await birthmark(['folder', 'confirm', '--note', 'the old disk was wiped', '--data', folder, '--json']);
  expect([confirmed.code, jsonOf(confirmed)]).toMatchObject([0, { doubt: null }]);
  await copy.reopen();
  await copy.openSession();
  await nextPasses(copy);
  expect(auditOf(folder, 'folder.confirm')).toEqual(['command line']);
});

test('a folder that came from another computer is asked about as well', async () => {
  const station = await used();
  stations.push(station);
  const db = new Database(join(station.dataDir, 'station.db'));
  db.prepare(`UPDATE settings SET value = json_set(value, '$.computer', 'another') WHERE key = 'place'`).run();
  db.close();
  await station.reopen();
  await expect(station.openSession()).rejects.toMatchObject({ code: 'FOLDER_COPIED' });
  await station.call('folder.confirm', { note: 'a new line computer' });
  await station.openSession();
  await nextPasses(station);
});
