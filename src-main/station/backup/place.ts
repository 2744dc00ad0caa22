import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { Failure, type FolderView } from '../../contract/index.ts';
import { stationIn, type Registry, type Setting } from '../registry/index.ts';

type Place = Setting<'place'>;

/** Which computer this is: on Linux by its machine id, which survives a new name; hashed, because the id itself is not to be told. */
function thisComputer(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Other systems have no such file.
  }
  return createHash('sha256')
    .update(id === '' ? hostname() : id)
    .digest('hex')
    .slice(0, 16);
}

export const placeOf = (dataDir: string): Place => ({ path: realpathSync(dataDir), computer: thisComputer() });

/** Whether a station of this id is still where a folder says that it was: two folders of one station must never both be used. */
export const isStillAt = (kept: Place, here: Place, station: string): boolean =>
  kept.path !== here.path && kept.computer === here.computer && stationIn(kept.path) === station;

/**
 * Where the data folder of this station is. One that was moved on its computer is used as before; of one that came from another computer, or beside
 * whose original it lies, an officer says that the original is used no more: both would sign, and each knows nothing of what the other signed.
 */
export class FolderPlace {
  readonly #registry: Registry;
  readonly #here: Place;
  #doubt: Failure | null;

  constructor(registry: Registry, dataDir: string) {
    this.#registry = registry;
    this.#here = placeOf(dataDir);
    this.#doubt = this.#judge();
  }

  /** FOLDER_COPIED; null for the only folder of this station. */
  doubt(): Failure | null {
    return this.#doubt;
  }

  view(): FolderView {
    return { path: this.#here.path, doubt: this.#doubt?.toData() ?? null };
  }

  /** The original is used no more, says an officer. */
  confirm(note: string, actor: string): FolderView {
    this.#keep(actor, 'folder.confirm', { note });
    this.#doubt = null;
    return this.view();
  }

  #judge(): Failure | null {
    const { settings } = this.#registry;
    const [kept, here] = [settings.get('place'), this.#here];
    if (kept === null) settings.set('place', here);
    if (kept === null || (kept.path === here.path && kept.computer === here.computer)) return null;
    const onThisComputer = kept.computer === here.computer;
    if (onThisComputer && !isStillAt(kept, here, settings.get('records.station') ?? '')) {
      this.#keep('station', 'folder.moved', {});
      return null;
    }
    return new Failure('FOLDER_COPIED', {
      path: here.path,
      original: kept.path,
      where: onThisComputer ? 'The original is still there' : 'The original was on another computer',
    });
  }

  #keep(actor: string, action: string, detail: Readonly<Record<string, unknown>>): void {
    const { store, settings } = this.#registry;
    const from = settings.get('place');
    store.transaction(() => {
      settings.set('place', this.#here);
      store.audit(actor, action, this.#here.path, { from: from?.path ?? null, ...detail });
    });
  }
}
