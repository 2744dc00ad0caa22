import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataFolderParts, filesToKeep } from '../../../src-main/station/backup/contents.ts';
import { readBackup, readHead } from '../../../src-main/station/backup/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-backups-'));
const share = join(dir, 'share');
const key = join(dir, 'key.pem');
let station: TestStation;
beforeAll(async () => {
  mkdirSync(share);
  station = await TestStation.tryOut(1);
  expect((await station.run(1)).state).toBe('PASS');
  await birthmark(['backups', 'make-key', '--out', key]);
});
afterAll(async () => {
  await station.dispose();
  rmSync(dir, { recursive: true, force: true });
});
const isPrivate = (path: string): boolean => (statSync(path).mode & 0o077) === 0;
const content = (path: string): string[] => execFileSync('tar', ['tf', path], { encoding: 'utf8' }).trim().split('\n');

test('a backup of a running station holds what a station needs, no CA key, and says what is in it', async () => {
  const { backup, sealed } = await station.call('backups.create', {});
  expect(sealed).toBeNull();
  const { total } = await station.call('certificates.list', {});
  expect(backup).toMatchObject({ why: 'asked', sealed: false, counts: { devices: 1, certificates: total } });
  expect(isPrivate(backup.path)).toBe(true);
  expect(isPrivate(join(station.dataDir, 'backups'))).toBe(true);
  const files = content(backup.path);
  expect(files).toEqual(expect.arrayContaining(['station.db', 'signer/memory.db', 'signer/module.json', 'secrets/observer.key.pem']));
  expect(files.filter((name) => /^(?:token|fixture|broker\/(?!port)|log)/u.test(name))).toEqual([]);
  expect(files).toHaveLength(2 + 2 + filesToKeep(station.dataDir).length);
  expect((await station.call('backups.list', {})).map(({ path }) => path)).toEqual([backup.path]);
  expect((await station.call('station.status', {})).backup).toEqual({ newest: backup.madeAt, failure: null });
  const db = new Database(join(station.dataDir, 'station.db'), { readonly: true });
  expect(db.prepare(`SELECT actor, subject FROM audit WHERE action = 'backup.create'`).all()).toEqual([
    { actor: 'command line', subject: basename(backup.path) },
  ]);
  db.close();
  expect(await station.problems()).toEqual([]);
});

test('every entry of a data folder has its place in the table of what a backup holds', () => {
  const known = new Set(Object.keys(dataFolderParts).map((path) => path.split('/')[0]));
  expect(readdirSync(station.dataDir).filter((name) => !known.has(name) && !/^station\.(?:db|lock)-/u.test(name))).toEqual([]);
});

test('a backup that was changed, cut off or put together from two is found damaged, wherever that is', async () => {
  const { backup } = await station.call('backups.create', {});
  const bytes = readFileSync(backup.path);
  const copy = join(dir, 'copy.tar');
  const verdict = async (changed: Buffer): Promise<string> => {
    writeFileSync(copy, changed);
    return readBackup(copy, null).then(
      () => 'whole',
      (thrown: unknown) => (thrown as { code: string }).code,
    );
  };
  expect(await verdict(bytes)).toBe('whole');
  const { manifest } = await readHead(backup.path);
  // One bit in each file; what fills a block up means nothing.
  let at = 512 + Math.ceil(Buffer.byteLength(JSON.stringify(manifest)) / 512) * 512;
  const places = [0, 600];
  for (const { bytes: size } of manifest.files) {
    places.push(at, at + 512 + Math.floor(size / 2));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  for (const place of places) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect([place, await verdict(changed)]).toEqual([place, 'BACKUP_DAMAGED']);
  }
  for (const length of [0, 100, 5_000, bytes.length - 1, bytes.length - 700])
    expect(await verdict(bytes.subarray(0, length))).toBe('BACKUP_DAMAGED');
  expect(await verdict(Buffer.concat([bytes, bytes]))).toBe('BACKUP_DAMAGED');
  expect(await verdict(Buffer.from('not a backup'))).toBe('BACKUP_DAMAGED');
  const told = await birthmark(['backups', 'verify', copy, '--json']);
  expect([told.code, jsonOf(told)]).toMatchObject([7, { error: { code: 'BACKUP_DAMAGED' } }]);
});

test('nothing leaves the data folder but sealed, and only its private key opens that', async () => {
  const set = { keep: 14, folder: share, publicKey: null };
  await expect(station.call('backups.change', set)).rejects.toMatchObject({ code: 'INVALID_INPUT', params: { field: 'publicKey' } });
  const privatePem = readFileSync(key, 'utf8');
  await expect(station.call('backups.change', { ...set, publicKey: privatePem })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  const publicKey = readFileSync(`${key}.pub.pem`, 'utf8');
  await station.call('backups.change', { ...set, publicKey });
  const { sealed } = await station.call('backups.create', {});
  const path = sealed?.path ?? '';
  expect([sealed?.sealed, isPrivate(path), readdirSync(share).length]).toEqual([true, true, 2]);
  const bytes = readFileSync(path);
  expect(bytes.includes('PRIVATE KEY')).toBe(false);
  expect(bytes.includes('SQLite format')).toBe(false);
  const verify = async (file: string, ...more: string[]) => {
    const told = await birthmark(['backups', 'verify', file, '--json', ...more]);
    return [told.code, (jsonOf(told)['error'] as { code: string } | undefined)?.code ?? 'whole'];
  };
  expect(await verify(path)).toEqual([3, 'BACKUP_SEALED']);
  expect(await verify(path, '--key', key)).toEqual([0, 'whole']);
  await birthmark(['backups', 'make-key', '--out', join(dir, 'other.pem')]);
  expect(await verify(path, '--key', join(dir, 'other.pem'))).toEqual([3, 'BACKUP_KEY_WRONG']);
  // The header is in the clear and bound to what follows it.
  const forged = join(dir, 'forged.sealed');
  writeFileSync(forged, Buffer.from(bytes.toString('latin1').replace('"by":"command line"', '"by":"somebody els"'), 'latin1'));
  expect(await verify(forged, '--key', key)).toEqual([7, 'BACKUP_DAMAGED']);
});

test('a second folder that is not mounted is named, nothing is written in its place, and its copy is made when it is back', async () => {
  const publicKey = readFileSync(`${key}.pub.pem`, 'utf8');
  const folder = join(dir, 'mount');
  const wanted = { keep: 14, folder, publicKey };
  await expect(station.call('backups.change', wanted)).rejects.toMatchObject({ code: 'INVALID_INPUT', params: { field: 'folder' } });
  mkdirSync(folder);
  await station.call('backups.change', wanted);
  renameSync(folder, `${folder}-away`);
  const away = { code: 'BACKUP_FOLDER_AWAY', params: { path: folder } };
  await expect(station.call('backups.create', {})).rejects.toMatchObject(away);
  // An empty mount point: a folder of the station's own disk.
  mkdirSync(folder);
  await station.call('backups.change', { ...wanted, keep: 13 });
  await expect(station.call('backups.create', {})).rejects.toMatchObject(away);
  expect(readdirSync(folder)).toEqual([]);
  const { backup, alarms } = await station.call('station.status', {});
  expect(backup?.failure).toMatchObject(away);
  expect(alarms.map(({ id, level }) => [id, level])).toContainEqual(['backup', 'warning']);
  rmSync(folder, { recursive: true });
  renameSync(`${folder}-away`, folder);
  expect((await station.call('backups.create', {})).sealed?.path).toContain(folder);
  expect((await station.call('station.status', {})).backup?.failure).toBeNull();
});

test('the oldest of a kind go, the newest stay; what others keep in the folder stays as well', async () => {
  const publicKey = readFileSync(`${key}.pub.pem`, 'utf8');
  await station.call('backups.change', { keep: 2, folder: share, publicKey });
  writeFileSync(join(share, 'birthmark-other-1-daily.sealed'), 'of another station');
  writeFileSync(join(share, 'notes.txt'), 'mine');
  let newest = '';
  for (let count = 0; count < 3; count++) newest = (await station.call('backups.create', {})).backup.path;
  const listed = await station.call('backups.list', {});
  expect(listed.filter(({ sealed }) => sealed)).toHaveLength(2);
  expect(listed.filter(({ sealed }) => !sealed).map(({ path }) => path)).toContain(newest);
  expect(listed.filter(({ sealed }) => !sealed)).toHaveLength(2);
  expect(readdirSync(share)).toEqual(expect.arrayContaining(['birthmark-other-1-daily.sealed', 'notes.txt']));
});

test('only an officer makes backups or says where they go', async () => {
  await station.stop();
  const window = new TestStation({ dataDir: station.dataDir, face: 'window' });
  await window.call('operators.signIn', { name: 'Technician', password: '' });
  for (const call of [window.call('backups.create', {}), window.call('backups.change', { keep: 1, folder: null, publicKey: null })])
    await expect(call).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(await window.call('backups.list', {})).not.toEqual([]);
  await window.stop();
  await station.reopen();
});

test('what a killed station had begun goes away, and counts as no backup', async () => {
  const before = await station.call('backups.list', {});
  const [newest] = before.filter(({ sealed }) => !sealed);
  await station.stop();
  const half = join(station.dataDir, 'backups', `birthmark-${newest?.path.split('-').at(-3) ?? ''}-20300101T000000000Z-daily.tar.part`);
  copyFileSync(newest?.path ?? '', half);
  mkdirSync(join(station.dataDir, 'backups', 'copies.part'), { recursive: true });
  await station.reopen();
  expect(await station.call('backups.list', {})).toEqual(before);
  expect(existsSync(half)).toBe(false);
});
