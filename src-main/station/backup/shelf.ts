import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, type BackupView } from '../../contract/index.ts';
import { readHead, type BackupHead } from './read.ts';
import { unfinished } from './write.ts';

const isBackup = (name: string): boolean => /^birthmark-.*\.(?:tar|sealed)$/u.test(name);

export function viewOf(path: string, { manifest, seal }: BackupHead): BackupView {
  const { name, madeAt, why, by, version, counts } = manifest;
  return { path, sealed: seal !== null, name, madeAt, why, by, version, bytes: statSync(path).size, counts };
}

/** The backups of one station in a folder, newest first; what is damaged at its beginning is none. Empty where there is no such folder. */
export async function backupsIn(folder: string, station: string): Promise<BackupView[]> {
  const found: BackupView[] = [];
  for (const name of namesIn(folder)) {
    if (!isBackup(name)) continue;
    const path = join(folder, name);
    try {
      const head = await readHead(path);
      if (head.manifest.station === station) found.push(viewOf(path, head));
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
    }
  }
  return found.sort((a, b) => b.madeAt.localeCompare(a.madeAt));
}

/** Takes the oldest away where there are more of a kind than are kept. */
export async function rotate(folder: string, station: string, keep: number): Promise<void> {
  const kept = new Map<string, number>();
  for (const { path, why } of await backupsIn(folder, station)) {
    const count = (kept.get(why) ?? 0) + 1;
    kept.set(why, count);
    if (count > keep) rmSync(path, { force: true });
  }
}

/** Puts away what a process that was killed had begun; in a folder that others use as well, of this station alone. */
export function sweepUnfinished(folder: string, station: string | null): void {
  for (const name of namesIn(folder))
    if (name.endsWith(unfinished) && (station === null || name.startsWith(`birthmark-${station}-`)))
      rmSync(join(folder, name), { recursive: true, force: true });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOENT') return [];
    throw new Failure('DATA_DENIED', { path: folder }, thrown);
  }
}
