import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Failure, systemFailure } from '../../contract/index.ts';
import { makeDataFolder } from '../../service-host/index.ts';
import { migrations } from './migrations.ts';

export type Db = Database.Database;

export const damagedData = (dataDir: string, detail: unknown): Failure =>
  new Failure('DATA_DAMAGED', { path: join(dataDir, 'station.db'), backups: join(dataDir, 'backups') }, detail);

/** SQLite's and the file system's refusals as failures with a name; anything else passes unchanged (a bug). */
export function namedStorageFailure(thrown: unknown, dataDir: string): Error {
  const code = (thrown as { code?: string }).code ?? '';
  if (/^SQLITE_(CORRUPT|NOTADB)/u.test(code)) return damagedData(dataDir, thrown);
  return systemFailure(thrown, dataDir) ?? (thrown instanceof Error ? thrown : new Error(String(thrown)));
}

export interface DataFolder {
  readonly path: string;
  release(): void;
}

/**
 * Takes the data folder for this process. The lock is a file lock of the kernel, held through SQLite: it goes away with the
 * process however that ends, so there is never a stale one to remove by hand.
 */
export function takeDataFolder(path: string): DataFolder {
  try {
    makeDataFolder(path);
    const lock = new Database(join(path, 'station.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    writeFileSync(join(path, 'station.pid'), String(process.pid), { mode: 0o600 });
    return { path, release: () => lock.close() };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    if ((thrown as { code?: string }).code === 'SQLITE_BUSY') throw new Failure('DATA_IN_USE', { path, pid: readPid(path) });
    throw namedStorageFailure(thrown, path);
  }
}

function readPid(path: string): string {
  const file = join(path, 'station.pid');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'not recorded';
}

/** The file that says that a restore was begun in this folder; it goes when all is in its place. */
export const restoreMarker = 'restore.json';
export const newestSchema = migrations.length;

/** Is there a station in this folder, or was there one? */
export const hasStation = (dataDir: string): boolean =>
  [restoreMarker, 'station.db'].some((name) => existsSync(join(dataDir, name))) || hasSignedCrl(dataDir);

/** The first CRL is signed when the database is there already. */
function hasSignedCrl(dataDir: string): boolean {
  const folder = join(dataDir, 'crl');
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.crl'));
}

/** Opens the station's database, checks it, and brings it to the newest schema; whoever opens one that holds something has made a backup before. */
export function openDatabase(dataDir: string): Db {
  const path = join(dataDir, 'station.db');
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let db: Db | undefined;
  try {
    if (existsSync(join(dataDir, restoreMarker))) throw new Failure('RESTORE_UNFINISHED', { path: dataDir });
    // SQLite takes an empty file for a new database; here it is one that was lost, and a new station must not take its place.
    if (size === 0 && hasSignedCrl(dataDir)) throw damagedData(dataDir, 'the database is empty or gone');
    db = new Database(path);
    chmodSync(path, 0o600);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    if (size > 0) {
      const check = db.pragma('quick_check(1)', { simple: true });
      if (check !== 'ok') throw damagedData(dataDir, check);
    }
    migrate(db, dataDir);
    db.pragma('foreign_keys = ON');
    return db;
  } catch (thrown) {
    db?.close();
    throw thrown instanceof Failure ? thrown : namedStorageFailure(thrown, dataDir);
  }
}

/** By which id the station in a folder is known; null where there is none that can be read. */
export function stationIn(dataDir: string): string | null {
  let db: Db | undefined;
  try {
    db = new Database(join(dataDir, 'station.db'), { readonly: true, fileMustExist: true });
    const id: unknown = db.prepare(`SELECT value FROM settings WHERE key = 'records.station'`).pluck().get();
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

/** Whether this version would change the schema of a database that holds something: it is backed up before. */
export function mustBeUpgraded(dataDir: string): boolean {
  const path = join(dataDir, 'station.db');
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  let db: Db | undefined;
  try {
    db = new Database(path, { readonly: true });
    const found = db.pragma('user_version', { simple: true }) as number;
    return found > 0 && found < migrations.length && db.prepare('SELECT 1 FROM audit LIMIT 1').get() !== undefined;
  } catch (thrown) {
    throw namedStorageFailure(thrown, dataDir);
  } finally {
    db?.close();
  }
}

/** Foreign keys are off meanwhile, the way SQLite wants it for tables that are made anew; they are checked after each step instead. */
function migrate(db: Db, dataDir: string): void {
  db.pragma('foreign_keys = OFF');
  const found = db.pragma('user_version', { simple: true }) as number;
  if (found > migrations.length) throw new Failure('DATA_TOO_NEW', { found, known: migrations.length });
  for (let version = found; version < migrations.length; version++) {
    db.transaction(() => {
      db.exec(migrations[version] ?? '');
      const [broken] = db.pragma('foreign_key_check') as { table: string }[];
      if (broken !== undefined) throw damagedData(dataDir, `schema ${String(version + 1)}: a row of ${broken.table} refers to nothing`);
      db.pragma(`user_version = ${String(version + 1)}`);
    })();
  }
}
