import { systemFailure } from '../../contract/index.ts';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** What one publication puts on the host. */
export interface InstalledFiles {
  readonly crls: string;
  readonly clientCas: string;
  readonly accessList: string;
  readonly passwords: string;
}

const names = { crls: 'crl.pem', clientCas: 'client-cas.pem', accessList: 'access-list', passwords: 'password-file' } as const;
const kinds = Object.keys(names) as (keyof InstalledFiles)[];

/**
 * The published files of a local broker host. Each publication is a folder of its own; `current` and `previous` are links,
 * so that CRL, CAs and access list change together, in one rename, and a crash leaves either all the old or all the new.
 */
export class Installation {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where Mosquitto reads; the paths stay the same while what they lead to changes. */
  get paths(): InstalledFiles {
    const path = (kind: keyof InstalledFiles): string => join(this.#dir, 'current', names[kind]);
    return { crls: path('crls'), clientCas: path('clientCas'), accessList: path('accessList'), passwords: path('passwords') };
  }

  /** The files in force, as they are on the disk now; null when there are none, or not all of them. */
  async read(): Promise<InstalledFiles | null> {
    try {
      const { crls, clientCas, accessList, passwords } = this.paths;
      const [a, b, c, d] = await Promise.all([read(crls), read(clientCas), read(accessList), read(passwords)]);
      return { crls: a, clientCas: b, accessList: c, passwords: d };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw systemFailure(error, this.#dir) ?? error;
    }
  }

  /**
   * Writes and syncs all files under a new name, then switches. What was in force becomes `previous` when it is worth going
   * back to. DISK_FULL, DATA_DENIED: then nothing has changed.
   */
  async install(files: InstalledFiles, keepCurrent: boolean): Promise<void> {
    const id = randomUUID();
    const folder = join(this.#dir, 'publications', id);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const kind of kinds) await writeSynced(join(folder, names[kind]), files[kind]);
      await syncFolder(folder);
      const before = await this.#target('current');
      if (before !== null && keepCurrent) await this.#link('previous', before);
      await this.#link('current', id);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw systemFailure(error, folder) ?? error;
    }
    await this.#sweep();
  }

  /** Puts `previous` back in force; false when there is none: then nothing is in force. DISK_FULL, DATA_DENIED. */
  async restore(): Promise<boolean> {
    try {
      const before = await this.#target('previous');
      if (before === null) await this.clear();
      else await this.#link('current', before);
      return before !== null;
    } catch (error) {
      throw systemFailure(error, this.#dir) ?? error;
    }
  }

  /** Nothing is in force any more. */
  async clear(): Promise<void> {
    await rm(join(this.#dir, 'current'), { force: true });
    await rm(join(this.#dir, 'previous'), { force: true });
  }

  async #target(name: 'current' | 'previous'): Promise<string | null> {
    try {
      return basename(await readlink(join(this.#dir, name)));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  /** A link cannot be overwritten in place: a new one is made beside it and renamed over it. */
  async #link(name: 'current' | 'previous', id: string): Promise<void> {
    const fresh = join(this.#dir, `${name}.${id}`);
    await rm(fresh, { force: true });
    await symlink(join('publications', id), fresh);
    await rename(fresh, join(this.#dir, name));
    await syncFolder(this.#dir);
  }

  /** Folders that no link leads to, also those a crash left half written. */
  async #sweep(): Promise<void> {
    const kept = [await this.#target('current'), await this.#target('previous')];
    for (const id of await readdir(join(this.#dir, 'publications'))) {
      if (!kept.includes(id)) await rm(join(this.#dir, 'publications', id), { recursive: true, force: true });
    }
  }
}

const read = (path: string): Promise<string> => readFile(path, 'utf8');

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file so that a reader, or a crash, sees the old or the new text and nothing between; mode 0600. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  try {
    await writeSynced(fresh, text);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw systemFailure(error, path) ?? error;
  }
}
