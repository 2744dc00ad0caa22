import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, takeDataFolder } from '../../../src-main/station/registry/index.ts';
import { migrations } from '../../../src-main/station/registry/migrations.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const database = (): string => join(here.dir, 'station.db');
const open = (): unknown => openRegistry(here.dir, here.clock);
const named = (code: string): Error => expect.objectContaining({ code }) as Error;

/** Enough rows that the file has pages of every kind. */
function filled(): void {
  for (let i = 0; i < 200; i++) here.run();
  mkdirSync(join(here.dir, 'crl'));
  writeFileSync(join(here.dir, 'crl', 'device-1-1.crl'), 'a CRL was signed here');
  here.registry.close();
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

const page = 4096;
const damages: Record<string, (path: string) => void> = {
  'a header of zeros': (path) => overwrite(path, 0, Buffer.alloc(100)),
  'another kind of file': (path) => writeFileSync(path, 'this is a letter to the station\n'.repeat(500)),
  'a page of zeros in the middle': (path) => overwrite(path, page * Math.floor(statSync(path).size / page / 2), Buffer.alloc(page)),
  'the schema page overwritten': (path) => overwrite(path, 100, Buffer.alloc(page - 100, 0xa5)),
  'half of it': (path) => truncateSync(path, page * Math.floor(statSync(path).size / page / 2)),
  'an odd length': (path) => truncateSync(path, statSync(path).size - page - 17),
  nothing: (path) => truncateSync(path, 0),
};

test.each(Object.entries(damages))('%s: DATA_DAMAGED, and the file stays as it is', (_, damage) => {
  filled();
  damage(database());
  const before = readFileSync(database());
  expect(open).toThrow(named('DATA_DAMAGED'));
  expect(readFileSync(database()).equals(before)).toBe(true);
});

test('a write-ahead log of garbage is not taken for records', () => {
  filled();
  writeFileSync(`${database()}-wal`, Buffer.alloc(20_000, 0x5a));
  here.registry = openRegistry(here.dir, here.clock);
  expect(here.registry.store.auditProblems().problems).toEqual([]);
  expect(here.registry.certificates.list({ search: '', limit: 1 }).total).toBe(200);
});

test('the write-ahead log of a killed station is taken in, a torn end of it left out', () => {
  const copy = `${here.dir}-killed`;
  mkdirSync(copy);
  for (let i = 0; i < 20; i++) here.run();
  for (const name of ['station.db', 'station.db-wal']) copyFileSync(join(here.dir, name), join(copy, name));
  truncateSync(join(copy, 'station.db-wal'), statSync(join(copy, 'station.db-wal')).size - 1000);
  const registry = openRegistry(copy, here.clock);
  expect(registry.store.auditProblems().problems).toEqual([]);
  expect(registry.certificates.list({ search: '', limit: 1 }).total).toBeGreaterThanOrEqual(19);
  registry.close();
  rmSync(copy, { recursive: true });
});

test('an empty file left by a set-up that was killed is no damage', () => {
  here.registry.close();
  for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
  writeFileSync(database(), '');
  here.registry = openRegistry(here.dir, here.clock);
  expect(here.registry.store.setting('ready')).toBeNull();
});

test('a newer schema is DATA_TOO_NEW and says both versions', () => {
  here.registry.store.db.pragma('user_version = 99');
  here.registry.close();
  expect(open).toThrow(expect.objectContaining({ code: 'DATA_TOO_NEW', params: { found: 99, known: migrations.length } }) as Error);
});

test('a full disk is DISK_FULL, takes nothing back, and work goes on when there is room again', () => {
  const { db } = here.registry.store;
  const first = here.run();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  const fill = (): void => {
    for (let i = 0; i < 500; i++) here.reserve('acme/filler');
  };
  expect(fill).toThrow(named('DISK_FULL'));
  const before = here.registry.store.auditHead();
  expect(() => here.registry.store.transaction(() => here.registry.store.setSetting('big', 'x'.repeat(100_000)))).toThrow(
    named('DISK_FULL'),
  );
  expect(here.registry.store.auditHead()).toEqual(before);
  expect(here.status(first.serial)).toBe('SIGNED');
  db.pragma('max_page_count = 1000000');
  here.run();
  expect(here.registry.store.auditProblems().problems).toEqual([]);
});

test('files are for the station’s user alone', () => {
  expect(statSync(database()).mode & 0o077).toBe(0);
});

test('a folder that this user may not write is DATA_DENIED', () => {
  here.registry.close();
  const door = resolve('src-main/station/registry/index.ts');
  const code = `const { takeDataFolder } = await import(${JSON.stringify(door)});
    ${process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : ''}
    try { takeDataFolder(process.env.FOLDER); console.log('taken'); } catch (thrown) { console.log(thrown.code); }`;
  chmodSync(here.dir, 0o555);
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
    env: { ...process.env, FOLDER: here.dir },
  });
  expect(stdout.trim(), stderr).toBe('DATA_DENIED');
  chmodSync(here.dir, 0o700);
});

test('a folder that is a file, or lies below one, is DATA_DENIED', () => {
  const file = join(here.dir, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) expect(() => takeDataFolder(path)).toThrow(named('DATA_DENIED'));
  expect(existsSync(file)).toBe(true);
});
