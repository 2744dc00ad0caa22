import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

export const databaseFile = 'station.db';
export const memoryFile = 'signer/memory.db';

/** How a part of the data folder comes into a backup; `out`: it does not. */
type Part = 'database' | 'files' | 'newest-lists' | 'out';

/** Everything that a data folder can hold, by its path, and whether a backup has it. docs/backup.md says why. */
export const dataFolderParts: Readonly<Record<string, Part>> = {
  [databaseFile]: 'database',
  [memoryFile]: 'database',
  'signer/module.json': 'files',
  profiles: 'files',
  secrets: 'files',
  crl: 'newest-lists',
  'broker/port': 'files',
  // Files for the broker are made anew from the registry.
  broker: 'out',
  // Keys of a software token: a CA's key is in no backup, whatever holds it.
  token: 'out',
  fixture: 'out',
  log: 'out',
  transcripts: 'out',
  backups: 'out',
  evidence: 'out',
  // Of a restore that is under way.
  'restore.json': 'out',
  'restoring.part': 'out',
  'pin-tries.json': 'out',
  'signer.call': 'out',
  'inspecting-signer.call': 'out',
  'station.lock': 'out',
  'station.pid': 'out',
  'station.sock': 'out',
};

const withPart = (part: Part): string[] => Object.keys(dataFolderParts).filter((path) => dataFolderParts[path] === part);

/** Whether a backup may hold a file of this name: what is restored goes nowhere else. */
export function mayHold(name: string): boolean {
  if (name.split('/').some((step) => step === '' || step === '.' || step === '..') || name.includes('\\')) return false;
  const inside = [...withPart('files'), ...withPart('newest-lists')];
  return withPart('database').includes(name) || inside.some((path) => name === path || name.startsWith(`${path}/`));
}

/** The files of a data folder that a backup has beside the databases; names with slashes on every platform. */
export function filesToKeep(dataDir: string): string[] {
  return [...withPart('files').flatMap((path) => filesBelow(dataDir, path)), ...newestLists(dataDir)].sort();
}

function filesBelow(dataDir: string, path: string): string[] {
  const whole = join(dataDir, path);
  if (!existsSync(whole)) return [];
  try {
    return readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(?:part|new|next)(?:\.|$)/u.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(dataDir.length + 1)
          .replaceAll(sep, '/'),
      );
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOTDIR') return [path];
    throw thrown;
  }
}

/** The newest list of each scope: older ones are written again from the registry when somebody asks. */
function newestLists(dataDir: string): string[] {
  const newest = new Map<string, { readonly number: number; readonly name: string }>();
  for (const name of filesBelow(dataDir, 'crl')) {
    const match = /^(?<scope>.*)-(?<number>\d{1,15})\.crl$/u.exec(name)?.groups;
    if (match?.['scope'] === undefined) continue;
    const number = Number(match['number']);
    if (number > (newest.get(match['scope'])?.number ?? 0)) newest.set(match['scope'], { number, name });
  }
  return [...newest.values()].map(({ name }) => name);
}
