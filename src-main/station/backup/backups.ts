import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import {
  Failure,
  limits,
  stackOf,
  type BackupReason,
  type BackupSettings,
  type BackupState,
  type BackupView,
  type CallOutput,
} from '../../contract/index.ts';
import { say } from '../../log/index.ts';
import type { Clock } from '../clock.ts';
import type { Registry } from '../registry/index.ts';
import { readHead } from './read.ts';
import { fingerprintOf } from './seal.ts';
import { markSecondFolder, mustBeSecondFolder } from './second-folder.ts';
import { backupsIn, rotate, sweepUnfinished, viewOf } from './shelf.ts';
import { backupsFolder, sealBackup, sealedName, writeBackup, type WrittenBackup } from './write.ts';

export interface BackupsParts {
  readonly registry: Registry;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly onChange: () => void;
}

const hourMs = 3_600_000;
const dailyMs = 24 * hourMs;
const oldMs = limits.backupOldHours * hourMs;
/** A station that was just set up has its first one when it has been there for so long. */
const firstMs = hourMs;
const usual: BackupSettings = { keep: limits.backupsKept.default, folder: null, publicKey: null };

type Made = CallOutput<'backups.create'>;

/** The one owner of “back up” while a station lives: on the clock, on somebody's word, how many stay, and where sealed copies go. */
export class Backups {
  readonly #parts: BackupsParts;
  #running: Promise<Made> | null = null;
  #copying: Promise<unknown> | null = null;
  #stopped = false;
  #newest: string | null = null;
  /** Why the last attempt made none, or no sealed copy. */
  #failure: Failure | null = null;

  constructor(parts: BackupsParts) {
    this.#parts = parts;
  }

  /** Before anything else is made: what an earlier life left half written goes away. */
  async start(): Promise<void> {
    const { folder } = this.#settings();
    const own = backupsFolder(this.#parts.dataDir);
    this.#tolerant(() => sweepUnfinished(own, null));
    if (folder !== null) this.#tolerant(() => sweepUnfinished(folder, this.#station));
    this.#newest = (await backupsIn(own, this.#station))[0]?.madeAt ?? null;
  }

  /** What was begun is given up: the next start puts it away. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
    await this.#copying;
  }

  state(): BackupState {
    return { newest: this.#newest, failure: this.#failure?.toData() ?? null };
  }

  /** BACKUP_OLD, or why the last attempt failed; null while all is well. */
  alarm(): { readonly level: 'warning' | 'alarm'; readonly failure: Failure } | null {
    const since = this.#newest ?? this.#beginning();
    const age = this.#parts.clock.now() - Date.parse(since);
    if (age > oldMs) {
      const cause =
        this.#failure === null ? 'The station was not running when one was due' : `The last attempt failed: ${this.#failure.message}`;
      return { level: 'alarm', failure: new Failure('BACKUP_OLD', { since, hours: Math.floor(age / hourMs), cause }) };
    }
    return this.#failure === null ? null : { level: 'warning', failure: this.#failure };
  }

  async list(): Promise<BackupView[]> {
    const { folder } = this.#settings();
    const own = await backupsIn(backupsFolder(this.#parts.dataDir), this.#station);
    const sealed = folder === null ? [] : await backupsIn(folder, this.#station);
    return [...own, ...sealed].sort((a, b) => b.madeAt.localeCompare(a.madeAt));
  }

  settings(): CallOutput<'backups.settings'> {
    const settings = this.#settings();
    const key = settings.publicKey === null ? null : sealingKey(settings.publicKey);
    return { ...settings, fingerprint: key === null ? null : fingerprintOf(key) };
  }

  /** INVALID_INPUT for a key that is none, for a folder without a key: nothing leaves the data folder in the clear. */
  change(settings: BackupSettings, actor: string): CallOutput<'backups.settings'> {
    const key = settings.publicKey === null ? null : sealingKey(settings.publicKey);
    if (settings.folder !== null && key === null)
      throw new Failure('INVALID_INPUT', {
        field: 'publicKey',
        problem: 'copies in another folder are sealed: name the public key to seal them for',
      });
    if (settings.folder !== null && !isAbsolute(settings.folder))
      throw new Failure('INVALID_INPUT', { field: 'folder', problem: 'must be an absolute path' });
    // The same folder is not marked again: its share may not be mounted now.
    if (settings.folder !== null && settings.folder !== this.#settings().folder) markSecondFolder(settings.folder);
    const { store, settings: kept } = this.#parts.registry;
    store.transaction(() => {
      kept.set('backups', settings);
      store.audit(actor, 'backup.settings', settings.folder ?? 'data folder', {
        keep: settings.keep,
        key: key === null ? null : fingerprintOf(key),
      });
    });
    return this.settings();
  }

  /** Whoever asks while one is made gets that one. DISK_FULL, DATA_DENIED, DATA_DAMAGED: then there is no new backup. */
  create(why: BackupReason, actor: string): Promise<Made> {
    this.#running ??= this.#make(why, actor).finally(() => {
      this.#running = null;
      this.#parts.onChange();
    });
    return this.#running;
  }

  /**
   * On the clock: makes one when the newest is a day old, else the sealed copy of the newest where that is still missing. Never rejects; an alarm
   * says what failed.
   */
  async daily(): Promise<void> {
    if (this.#stopped || this.#running !== null || this.#copying !== null) return;
    const { clock } = this.#parts;
    const since = clock.now() - Date.parse(this.#newest ?? this.#beginning());
    const isDue = this.#newest === null ? since >= firstMs : Math.abs(since) >= dailyMs;
    if (isDue) await this.create('daily', 'station').catch(() => undefined);
    else if (this.#newest !== null && this.#settings().folder !== null) {
      this.#copying = this.#attempt(() => this.#copyNewest()).catch(() => undefined);
      await this.#copying;
      this.#copying = null;
    }
  }

  #make(why: BackupReason, actor: string): Promise<Made> {
    const { registry, dataDir, clock } = this.#parts;
    return this.#attempt(async () => {
      // Its files bear the name by which the station is known elsewhere.
      const written = await writeBackup({ dataDir, why, by: actor, now: clock.now(), mustGoOn: this.#mustGoOn });
      const backup = viewOf(written.path, await readHead(written.path));
      this.#newest = backup.madeAt;
      registry.store.transaction(() =>
        registry.store.audit(actor, 'backup.create', basename(written.path), { why, bytes: backup.bytes, ...backup.counts }),
      );
      await rotate(backupsFolder(dataDir), this.#station, this.#settings().keep);
      const sealed = await this.#seal(written);
      say('info', 'backup', 'made', { why, bytes: backup.bytes, sealed: sealed !== null });
      return { backup, sealed };
    });
  }

  /** Keeps why it failed, until one succeeds. */
  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      const made = await work();
      this.#failure = null;
      return made;
    } catch (thrown) {
      const named = this.#parts.registry.store.named(thrown);
      if (!this.#stopped) {
        this.#failure = named instanceof Failure ? named : null;
        say('warn', 'backup', `failed: ${stackOf(named)}`);
      }
      throw named;
    }
  }

  /** BACKUP_FOLDER_AWAY; null where no second folder is set up. */
  async #seal(written: WrittenBackup): Promise<BackupView | null> {
    const { keep, folder, publicKey } = this.#settings();
    if (folder === null || publicKey === null) return null;
    mustBeSecondFolder(folder);
    const path = await sealBackup(written, folder, sealingKey(publicKey), this.#mustGoOn);
    const sealed = viewOf(path, await readHead(path));
    await rotate(folder, this.#station, keep);
    return sealed;
  }

  async #copyNewest(): Promise<void> {
    const { folder } = this.#settings();
    const [newest] = await backupsIn(backupsFolder(this.#parts.dataDir), this.#station);
    if (newest === undefined || folder === null) return;
    const { manifest } = await readHead(newest.path);
    if (!existsSync(join(folder, sealedName(manifest)))) await this.#seal({ path: newest.path, manifest });
  }

  readonly #mustGoOn = (): void => {
    if (this.#stopped) throw new Failure('CANCELLED', { left: 'as it was' });
  };

  get #station(): string {
    return this.#parts.registry.settings.get('records.station') ?? '';
  }

  #settings(): BackupSettings {
    return this.#parts.registry.settings.get('backups') ?? usual;
  }

  /** When this station was set up. */
  #beginning(): string {
    return this.#parts.registry.store.firstAuditAt() ?? this.#parts.registry.now();
  }

  #tolerant(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#failure = thrown;
    }
  }
}

/** INVALID_INPUT for what is no public key of the kind that backups are sealed for. */
function sealingKey(pem: string): KeyObject {
  const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'publicKey', problem });
  if (pem.includes('PRIVATE KEY')) throw refused('this is a private key: it belongs into no station');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw refused('it is no public key in PEM');
  }
  if (key.asymmetricKeyType !== 'x25519') throw refused('must be an X25519 key');
  return key;
}
