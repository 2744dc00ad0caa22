import { chmodSync, closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { damagedData, namedStorageFailure } from './database.ts';

/** Pages that are copied before anything else has its turn: 8 MB. */
const pagesAtOnce = 2_000;

/**
 * Copies a database that is in use, as it is at one moment, to one new file. A connection of its own keeps that moment, so that nobody who writes
 * meanwhile makes it begin again. DISK_FULL, DATA_DAMAGED, DATA_DENIED.
 */
export async function copyDatabase(from: string, to: string, mustGoOn: () => void = () => undefined): Promise<void> {
  let source: Database.Database | null = null;
  try {
    source = new Database(from, { readonly: true });
    source.exec('BEGIN');
    // The first read fixes what the transaction sees.
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await source.backup(to, {
      progress: () => {
        mustGoOn();
        return pagesAtOnce;
      },
    });
    chmodSync(to, 0o600);
    standAlone(to);
  } catch (thrown) {
    throw namedStorageFailure(thrown, dirname(to));
  } finally {
    source?.close();
  }
}

/**
 * Makes the copy one file for whoever opens it, by the two bytes that say whether there is a log beside it (SQLite's file format, 1.3.4). SQLite
 * itself would open the log for that, and a disk that is just full has no room for it.
 */
function standAlone(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, Buffer.from([1, 1]), 0, 2, 18);
  } finally {
    closeSync(file);
  }
}

const Counts = z.object({ devices: z.int(), certificates: z.int(), revocations: z.int(), runs: z.int(), audit: z.int() });
const ListRow = z.object({ issuer: z.string(), partition: z.int(), number: z.int() });

/** What is in a copy of the station's database, whatever its schema. */
export interface DatabaseFacts {
  readonly schema: number;
  readonly name: string;
  /** By which central databases know the station. */
  readonly station: string;
  readonly counts: Readonly<z.output<typeof Counts>>;
  /** The newest revocation list of each scope. */
  readonly lists: readonly z.output<typeof ListRow>[];
}

/** Checks a whole database, and says what is in it. DATA_DAMAGED. */
export async function examineDatabase(path: string): Promise<DatabaseFacts> {
  return examined(path, async (db) => {
    await mustBeSound(path);
    const tables = tablesIn(db);
    const setting = (key: string): string | null =>
      z
        .string()
        .nullable()
        .parse(db.prepare('SELECT value FROM settings WHERE key = ?').pluck().get(key) ?? null);
    return {
      schema: schemaOf(db),
      name: setting('name') ?? '',
      station: setting('records.station') ?? '',
      counts: Counts.parse(
        Object.fromEntries(Object.keys(Counts.shape).map((table) => [table, tables.includes(table) ? countOf(db, table) : 0])),
      ),
      lists: tables.includes('crls')
        ? z.array(ListRow).parse(db.prepare('SELECT issuer, partition, max(number) AS number FROM crls GROUP BY issuer, partition').all())
        : [],
    };
  });
}

/** What is in a copy of the signer's own memory. */
export interface MemoryFacts {
  readonly schema: number;
  readonly certificates: number;
  /** SHA-256 of each issuer's public key. */
  readonly keys: readonly string[];
}

/** The same of the signer's own memory. DATA_DAMAGED. */
export async function examineMemory(path: string): Promise<MemoryFacts> {
  return examined(path, async (db) => {
    await mustBeSound(path);
    const keys = z.array(z.string()).parse(db.prepare('SELECT spki_sha256 FROM keys').pluck().all());
    return { schema: schemaOf(db), certificates: countOf(db, 'certificates'), keys };
  });
}

async function examined<T>(path: string, look: (db: Database.Database) => Promise<T>): Promise<T> {
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    return await look(db);
  } catch (thrown) {
    throw namedStorageFailure(thrown, dirname(path));
  } finally {
    db?.close();
  }
}

/** In a thread of its own: of a large database it takes seconds, in which nobody else would have their turn. */
async function mustBeSound(path: string): Promise<void> {
  const worker = new Worker(checkSource, { eval: true, workerData: { path, from: import.meta.url } });
  const found = await new Promise<string>((resolve, reject) => {
    worker.once('message', (answer: string) => resolve(answer));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the check ended with ${String(code)}`)));
  });
  if (found !== 'ok') throw damagedData(dirname(path), found);
}

/** Plain JavaScript: a thread without a file of its own in the bundle. */
const checkSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const Database = require('node:module').createRequire(workerData.from)('better-sqlite3');
  let answer;
  try {
    const db = new Database(workerData.path, { readonly: true, fileMustExist: true });
    answer = db.pragma('integrity_check(1)', { simple: true });
    db.close();
  } catch (thrown) {
    answer = String(thrown && thrown.code) + ': ' + String(thrown && thrown.message);
  }
  parentPort.postMessage(answer);
`;

const tablesIn = (db: Database.Database): string[] =>
  z.array(z.string()).parse(db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all());
const schemaOf = (db: Database.Database): number => z.int().parse(db.pragma('user_version', { simple: true }));
const countOf = (db: Database.Database, table: string): number => z.int().parse(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
