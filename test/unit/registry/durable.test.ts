import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../../src-main/station/registry/database.ts';
import { Store } from '../../../src-main/station/registry/store.ts';
import { FakeClock } from '../../support/registry.ts';

/** A disk whose syncs end when the test likes. */
class HeldSync {
  #end: ((error: Error | null) => void) | null = null;
  get running(): boolean {
    return this.#end !== null;
  }
  durable(): Promise<void> {
    expect(this.running).toBe(false);
    return new Promise((resolve, reject) => (this.#end = (error) => (error === null ? resolve() : reject(error))));
  }
  async end(error: Error | null): Promise<void> {
    while (this.#end === null) await turn();
    const end = this.#end;
    this.#end = null;
    end(error);
  }
  close(): void {
    this.#end = null;
  }
}

let dir: string;
let disk: HeldSync;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'birthmark-store-'));
  disk = new HeldSync();
  store = new Store(openDatabase(dir), new FakeClock(), disk);
});
afterEach(() => {
  store.db.close();
  rmSync(dir, { recursive: true });
});

const write = (key: string): Promise<void> => store.grouped(() => store.setSetting(key, 'yes'));

test('whoever recorded something is told when it is on disk, and not before; meanwhile the next group collects', async () => {
  const told: string[] = [];
  const first = store
    .grouped(() => store.transaction(() => store.afterCommit((keys) => void told.push(...keys), 'committed')))
    .then(() => told.push('first'));
  while (!disk.running) await turn();
  const second = write('second').then(() => told.push('second'));
  for (let turns = 0; turns < 5; turns++) await turn();
  expect([store.setting('second'), told]).toEqual([null, []]);
  await disk.end(null);
  await first;
  expect(told).toEqual(['committed', 'first']);
  await disk.end(null);
  await second;
  expect([store.setting('second'), told]).toEqual(['yes', ['committed', 'first', 'second']]);
});

const fault = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5, syscall: 'fdatasync' });

test('a disk that fails is told to whoever waits, by its name; the next group is tried when the database has taken the log over', async () => {
  const lost = write('lost');
  await Promise.all([disk.end(fault), expect(lost).rejects.toMatchObject({ code: 'DISK_FAILED', params: { path: dir, errno: 'EIO' } })]);
  const log = join(dir, 'station.db-wal');
  expect(statSync(log).size).toBeGreaterThan(0);
  const next = write('next');
  while (!disk.running) await turn();
  expect(statSync(log).size).toBe(0);
  await disk.end(null);
  await next;
});

test('while another connection keeps the log from being taken over, nothing counts as recorded', async () => {
  const lost = write('lost');
  await Promise.all([disk.end(fault), expect(lost).rejects.toMatchObject({ code: 'DISK_FAILED' })]);
  store.db.pragma('busy_timeout = 0');
  const reader = new Database(store.db.name, { readonly: true });
  reader.exec('BEGIN; SELECT count(*) FROM settings');
  await expect(write('next')).rejects.toMatchObject({ code: 'DISK_FAILED', params: { errno: 'SQLITE_BUSY' } });
  reader.close();
  const later = write('later');
  await disk.end(null);
  await later;
});
