import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure, type BackupView, type RestorePlan } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import {
  examineDatabase,
  examineMemory,
  namedStorageFailure,
  newestSchema,
  openRegistry,
  restoreMarker,
  takeDataFolder,
  type DatabaseFacts,
  type DataFolder,
  type MemoryFacts,
  type Registry,
} from '../registry/index.ts';
import { databaseFile, memoryFile } from './contents.ts';
import { isStillAt, placeOf } from './place.ts';
import { readBackup, readHead, type BackupSink } from './read.ts';
import { syncFolder } from './sync-folder.ts';
import { viewOf } from './shelf.ts';

export interface RestoreOrder {
  readonly dataDir: string;
  readonly path: string;
  /** The customer's, for a sealed backup. */
  readonly key: { readonly privateKey: KeyObject } | null;
  readonly clock: Clock;
}

/** Who says so: an officer of the station as it is in the backup, since there may be no other to ask. */
export interface RestoreOfficer {
  readonly name: string;
  readonly password: string;
}

interface Found {
  readonly database: DatabaseFacts | null;
  /** There is a database, and it cannot be read. */
  readonly isDamaged: boolean;
  readonly memory: MemoryFacts | null;
}

/**
 * Puts a backup in the place of a station that does not run. It is unpacked and checked beside what is there; what is replaced is moved into
 * `evidence`, and nothing is deleted. A restore that was killed is made again from the beginning; until then the station does not start.
 */
export class Restore {
  readonly #order: RestoreOrder;
  readonly #folder: DataFolder;
  readonly #staging: string;
  readonly #plan: RestorePlan;
  readonly #keepsMemory: boolean;

  private constructor(order: RestoreOrder, folder: DataFolder, plan: RestorePlan, keepsMemory: boolean) {
    this.#order = order;
    this.#folder = folder;
    this.#staging = stagingOf(order.dataDir);
    this.#plan = plan;
    this.#keepsMemory = keepsMemory;
  }

  /** DATA_IN_USE while the station runs; BACKUP_DAMAGED and its kin; DATA_TOO_NEW; RESTORE_OTHER_STATION. Nothing has changed then. */
  static async open(order: RestoreOrder): Promise<Restore> {
    const { dataDir, path } = order;
    const backup = viewOf(path, await readHead(path));
    const folder = takeDataFolder(dataDir);
    const staging = stagingOf(dataDir);
    const unpacked = new Unpacked(staging);
    try {
      rmSync(staging, { recursive: true, force: true });
      const manifest = await readBackup(path, order.key, unpacked);
      mustBeKnown(manifest.schema);
      const [facts, memory] = [await examineDatabase(join(staging, databaseFile)), await memoryIn(staging)];
      const found = await lookAt(dataDir);
      mustBeSame(facts, memory, found, dataDir);
      const keepsMemory = found.memory !== null && found.memory.certificates >= (memory?.certificates ?? 0);
      return new Restore(order, folder, planOf(backup, found, keepsMemory), keepsMemory);
    } catch (thrown) {
      unpacked.close();
      rmSync(staging, { recursive: true, force: true });
      folder.release();
      throw namedStorageFailure(thrown, dataDir);
    }
  }

  /** What it would do. */
  get plan(): RestorePlan {
    return this.#plan;
  }

  /** Whether this operator of the backup has one. */
  hasPassword(name: string): boolean {
    const registry = openRegistry(this.#staging, this.#order.clock);
    try {
      return registry.operators.find(name)?.passwordSet ?? true;
    } finally {
      registry.close();
    }
  }

  /** SIGN_IN_FAILED, NOT_ALLOWED: then nothing has changed. Returns where what was replaced is; null where nothing was. */
  apply(officer: RestoreOfficer): string | null {
    const { dataDir, clock } = this.#order;
    try {
      this.#record(officer);
      const evidence = join(dataDir, 'evidence', new Date(clock.now()).toISOString().replaceAll(/[-:.]/gu, ''));
      writeDurably(join(dataDir, restoreMarker), JSON.stringify({ backup: basename(this.#order.path), evidence: basename(evidence) }));
      for (const name of this.#names()) this.#install(name, evidence);
      rmSync(join(dataDir, restoreMarker));
      syncFolder(dataDir);
      return existsSync(evidence) ? evidence : null;
    } catch (thrown) {
      throw namedStorageFailure(thrown, dataDir);
    }
  }

  close(): void {
    rmSync(this.#staging, { recursive: true, force: true });
    this.#folder.release();
  }

  /** In the copy, before it takes its place: who restored what, and that it has to catch up with what is in force. */
  #record({ name, password }: RestoreOfficer): void {
    const { clock } = this.#order;
    const { backup, missing } = this.#plan;
    const registry = openRegistry(this.#staging, clock);
    try {
      const operator = registry.operators.check(name, password);
      if (operator === null) throw new Failure('SIGN_IN_FAILED');
      if (operator.role !== 'officer') throw new Failure('NOT_ALLOWED', { role: operator.role, call: 'restore' });
      registry.store.transaction(() => {
        this.#keepPlace(registry);
        registry.signIns.removeAll();
        registry.settings.set('restored', { at: registry.now(), by: name, madeAt: backup.madeAt, open: true });
        registry.store.audit(name, 'backup.restore', basename(backup.path), { madeAt: backup.madeAt, missing });
      });
    } finally {
      registry.close();
    }
  }

  /** The officer says that this folder is the one from now on; where the other one can still be used, the station asks when it starts. */
  #keepPlace({ settings }: Registry): void {
    const [kept, here] = [settings.get('place'), placeOf(this.#order.dataDir)];
    if (kept === null || !isStillAt(kept, here, settings.get('records.station') ?? '')) settings.set('place', here);
  }

  /** The database last: until it is in its place, the folder has none, and says so. */
  #names(): string[] {
    const all = readdirSync(this.#staging, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#staging.length + 1));
    const wanted = all.filter((name) => name !== databaseFile && !(this.#keepsMemory && slashed(name) === memoryFile));
    return [...wanted.sort(), databaseFile];
  }

  #install(name: string, evidence: string): void {
    const { dataDir } = this.#order;
    const [source, target] = [join(this.#staging, name), join(dataDir, name)];
    // A list that is there under this number is the same, or one that knows more.
    if (slashed(name).startsWith('crl/') && existsSync(target)) return;
    const isDatabase = name === databaseFile || slashed(name) === memoryFile;
    if (existsSync(target) && !isDatabase && readFileSync(target).equals(readFileSync(source))) return;
    for (const end of isDatabase ? ['', '-wal', '-shm'] : ['']) moveAway(`${target}${end}`, join(evidence, `${name}${end}`));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(source, target);
    syncFolder(dirname(target));
  }
}

const stagingOf = (dataDir: string): string => join(dataDir, 'restoring.part');
const slashed = (name: string): string => name.replaceAll('\\', '/');

function mustBeKnown(schema: number): void {
  if (schema > newestSchema) throw new Failure('DATA_TOO_NEW', { found: schema, known: newestSchema });
}

async function memoryIn(folder: string): Promise<MemoryFacts | null> {
  const path = join(folder, memoryFile);
  return existsSync(path) ? examineMemory(path) : null;
}

/** What is in the folder now, as far as it can be read. */
async function lookAt(dataDir: string): Promise<Found> {
  const readable = <T>(look: Promise<T | null>): Promise<T | null> =>
    look.catch((thrown: unknown) => {
      if (thrown instanceof Failure && thrown.code === 'DATA_DAMAGED') return null;
      throw thrown;
    });
  const path = join(dataDir, databaseFile);
  const isThere = existsSync(path);
  const database = isThere && statSync(path).size > 0 ? await readable(examineDatabase(path)) : null;
  return { database, isDamaged: isThere && database === null, memory: await readable(memoryIn(dataDir)) };
}

/** One station's backup in another's folder would give it the other's keys and lists. */
function mustBeSame(backup: DatabaseFacts, memory: MemoryFacts | null, found: Found, path: string): void {
  const other = found.database !== null && found.database.station !== '' && found.database.station !== backup.station;
  const foreign =
    found.database === null &&
    found.memory !== null &&
    memory !== null &&
    !memory.keys.every((key) => found.memory?.keys.includes(key) === true);
  if (other || foreign) throw new Failure('RESTORE_OTHER_STATION', { path, name: backup.name });
}

function planOf(backup: BackupView, { database, isDamaged, memory }: Found, keepsMemory: boolean): RestorePlan {
  const since = (now: number | undefined, then: number): number | null => (now === undefined ? null : Math.max(0, now - then));
  return {
    backup,
    replaces: database !== null ? 'whole' : isDamaged ? 'damaged' : 'nothing',
    keepsMemory,
    missing: {
      devices: since(database?.counts.devices, backup.counts.devices),
      certificates: since(database?.counts.certificates, backup.counts.certificates),
      revocations: since(database?.counts.revocations, backup.counts.revocations),
      signed: since(memory?.certificates, backup.counts.signed),
    },
  };
}

function moveAway(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  renameSync(from, to);
  syncFolder(dirname(to));
}

function writeDurably(path: string, text: string): void {
  writeFileSync(`${path}.part`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.part`, path);
  syncFolder(dirname(path));
}

/** Writes the files of a backup below a folder, each synced. What the disk refuses is the folder's, not the backup's. */
class Unpacked implements BackupSink {
  readonly #folder: string;
  #file: number | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  begin(name: string): void {
    const path = join(this.#folder, name);
    this.#named(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.#file = openSync(path, 'wx', 0o600);
    });
  }

  bytes(piece: Buffer): void {
    this.#named(() => {
      for (let at = 0; this.#file !== null && at < piece.length;) at += writeSync(this.#file, piece, at);
    });
  }

  end(): void {
    this.#named(() => {
      if (this.#file !== null) fsyncSync(this.#file);
    });
    this.close();
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #named(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.close();
      throw namedStorageFailure(thrown, dirname(this.#folder));
    }
  }
}
