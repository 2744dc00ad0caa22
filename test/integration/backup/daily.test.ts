import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backups, readBackup } from '../../../src-main/station/backup/index.ts';
import { migrations } from '../../../src-main/station/registry/migrations.ts';
import { TestRegistry } from '../../support/registry.ts';
import { TestStation } from '../../support/station.ts';

const hourMs = 3_600_000;
let made: TestRegistry;
let backups: Backups;
beforeEach(async () => {
  made = new TestRegistry();
  backups = new Backups({ registry: made.registry, dataDir: made.dir, clock: made.clock, onChange: () => undefined });
  await backups.start();
});
afterEach(() => made.dispose());
const count = async (): Promise<number> => (await backups.list()).length;

test('a station has its first backup after an hour and then one each day; a missed day is an alarm after 26 hours', async () => {
  await backups.daily();
  made.clock.pass(hourMs - 1);
  await backups.daily();
  expect(await count()).toBe(0);
  made.clock.pass(1);
  await backups.daily();
  await backups.daily();
  expect(await count()).toBe(1);
  expect(backups.alarm()).toBeNull();
  made.clock.pass(24 * hourMs - 1);
  await backups.daily();
  expect(await count()).toBe(1);
  made.clock.pass(1);
  await backups.daily();
  expect(await count()).toBe(2);
  made.clock.pass(26 * hourMs);
  expect(backups.alarm()).toBeNull();
  made.clock.pass(1);
  expect(backups.alarm()).toMatchObject({ level: 'alarm', failure: { code: 'BACKUP_OLD', params: { hours: 26 } } });
  await backups.daily();
  expect(backups.alarm()).toBeNull();
});

test('a station without any backup says so 26 hours after it was set up', () => {
  made.clock.pass(26 * hourMs);
  expect(backups.alarm()).toBeNull();
  made.clock.pass(1);
  expect(backups.alarm()?.failure.code).toBe('BACKUP_OLD');
});

test('a sealed copy that failed is a warning at once, and is made when its folder is there', async () => {
  const folder = join(made.dir, 'share');
  mkdirSync(folder);
  backups.change({ keep: 14, folder, publicKey: await publicKey() }, 'officer');
  renameSync(folder, `${folder}-away`);
  made.clock.pass(hourMs);
  await backups.daily();
  expect(backups.alarm()).toMatchObject({ level: 'warning', failure: { code: 'BACKUP_FOLDER_AWAY' } });
  await backups.daily();
  expect(backups.alarm()).toMatchObject({ level: 'warning', failure: { code: 'BACKUP_FOLDER_AWAY' } });
  renameSync(`${folder}-away`, folder);
  await backups.daily();
  expect(backups.alarm()).toBeNull();
  expect((await backups.list()).map(({ sealed, madeAt }) => [sealed, madeAt])).toEqual([
    [false, backups.state().newest],
    [true, backups.state().newest],
  ]);
});

test('asked twice at once, one backup is made', async () => {
  const [one, other] = await Promise.all([backups.create('asked', 'a'), backups.create('asked', 'b')]);
  expect(other).toBe(one);
  expect(await count()).toBe(1);
});

test('a clock that was set back does not end the daily backups', async () => {
  await backups.create('asked', 'test');
  made.clock.pass(-48 * hourMs);
  await backups.daily();
  expect(await count()).toBe(2);
});

/** A database of the version before this one. */
function older(path: string, withLine: boolean): void {
  const db = new Database(path);
  for (const step of migrations.slice(0, -1)) db.exec(step);
  db.pragma(`user_version = ${String(migrations.length - 1)}`);
  if (withLine)
    db.exec(
      `INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (1, '2026-01-01T00:00:00.000Z', 'a', 'b', 'c', '{}', '', 'h')`,
    );
  db.close();
}

test.each([
  { holds: 'something', withLine: true, expected: 1 },
  { holds: 'nothing', withLine: false, expected: 0 },
])('a database of an older version that holds $holds is backed up $expected times before it is changed', async ({ withLine, expected }) => {
  const dataDir = TestStation.folder();
  older(join(dataDir, 'station.db'), withLine);
  const station = new TestStation({ dataDir });
  expect((await station.call('station.status', {})).phase).toBe('first-run');
  const folder = join(dataDir, 'backups');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  expect(names).toEqual(Array.from({ length: expected }, () => expect.stringMatching(/-upgrade\.tar$/u) as string));
  for (const name of names) expect((await readBackup(join(folder, name), null)).schema).toBe(migrations.length - 1);
  await station.dispose();
});

test('a new station begins with no backup of nothing', async () => {
  const station = await TestStation.tryOut(1);
  expect(existsSync(join(station.dataDir, 'backups'))).toBe(false);
  await station.dispose();
});

async function publicKey(): Promise<string> {
  const { generateKeyPairSync } = await import('node:crypto');
  return generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
}
