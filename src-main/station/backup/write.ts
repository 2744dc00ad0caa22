import { createHash, type KeyObject } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure, version, type BackupReason } from '../../contract/index.ts';
import { copyDatabase, examineDatabase, examineMemory, namedStorageFailure } from '../registry/index.ts';
import { databaseFile, filesToKeep, memoryFile } from './contents.ts';
import { manifestDigest, manifestDigestFile, manifestFile, type Manifest } from './manifest.ts';
import { readBackup, sealedMagic } from './read.ts';
import { newFileKey, Sealer } from './seal.ts';
import { syncFolder } from './sync-folder.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

export interface BackupOrder {
  readonly dataDir: string;
  readonly why: BackupReason;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Throws when it is to stop. */
  readonly mustGoOn: () => void;
}

export interface WrittenBackup {
  readonly path: string;
  readonly manifest: Manifest;
}

const pieceBytes = 1024 * 1024;
export const backupsFolder = (dataDir: string): string => join(dataDir, 'backups');
/** Half a backup has this at the end of its name; what a process that was killed left is put away by the next one. */
export const unfinished = '.part';

/**
 * Writes a backup into the data folder's own `backups`, reads it back, and only then gives it its name. The databases are copied first, that of the
 * station before the signer's memory: the signer must know at least what the station does. DISK_FULL, DATA_DENIED, DATA_DAMAGED.
 */
export async function writeBackup(order: BackupOrder): Promise<WrittenBackup> {
  const { dataDir, mustGoOn } = order;
  const folder = backupsFolder(dataDir);
  const staging = join(folder, `copies${unfinished}`);
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(join(staging, dirname(memoryFile)), { recursive: true, mode: 0o700 });
    const copied = await copyDatabases(order, staging);
    const sources = [
      ...copied.files.map((name) => ({ name, path: join(staging, name) })),
      ...filesToKeep(dataDir).map((name) => ({ name, path: join(dataDir, name) })),
    ];
    const files: Manifest['files'] = [];
    for (const { name, path } of sources) files.push({ name, ...(await digestOf(path, mustGoOn)) });
    const manifest: Manifest = { ...copied.manifest, files };
    const path = join(folder, backupName(manifest, 'tar'));
    await writeWhole(path, async (write) => {
      const text = Buffer.from(JSON.stringify(manifest));
      const writeText = (name: string, text: Buffer): void => {
        for (const part of [tarHeader(name, text.length, order.now), text, tarPadding(text.length)]) write(part);
      };
      writeText(manifestFile, text);
      for (const { name, path: source } of sources) {
        const bytes = files.find((file) => file.name === name)?.bytes ?? 0;
        write(tarHeader(name, bytes, order.now));
        await eachPiece(source, bytes, write, mustGoOn);
        write(tarPadding(bytes));
      }
      writeText(manifestDigestFile, Buffer.from(manifestDigest(createHash('sha256').update(text).digest('hex'))));
      write(tarEnd());
    });
    return { path: await keepVerified(path, null), manifest };
  } catch (thrown) {
    throw namedStorageFailure(thrown, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Seals a backup for the holder of a key into another folder, and reads it back. DISK_FULL, DATA_DENIED with that folder. */
export async function sealBackup(source: WrittenBackup, folder: string, key: KeyObject, mustGoOn: () => void): Promise<string> {
  const { manifest } = source;
  const { key: fileKey, header } = newFileKey(key);
  try {
    const path = join(folder, sealedName(manifest));
    await writeWhole(path, async (write) => {
      const line = Buffer.from(JSON.stringify({ manifest, seal: header }));
      write(Buffer.concat([Buffer.from(sealedMagic, 'latin1'), line, Buffer.from('\n')]));
      const sealer = new Sealer(fileKey, line, write);
      await eachPiece(source.path, statSync(source.path).size, (piece) => sealer.push(piece), mustGoOn);
      sealer.finish();
    });
    return await keepVerified(path, fileKey);
  } catch (thrown) {
    throw namedStorageFailure(thrown, folder);
  } finally {
    fileKey.fill(0);
  }
}

export const sealedName = (manifest: Manifest): string => backupName(manifest, 'sealed');
const backupName = ({ station, madeAt, why }: Manifest, ending: 'tar' | 'sealed'): string =>
  `birthmark-${station}-${madeAt.replaceAll(/[-:.]/gu, '')}-${why}.${ending}`;

async function copyDatabases(
  { dataDir, why, by, now, mustGoOn }: BackupOrder,
  staging: string,
): Promise<{ readonly files: readonly string[]; readonly manifest: Omit<Manifest, 'files'> }> {
  await copyDatabase(join(dataDir, databaseFile), join(staging, databaseFile), mustGoOn);
  const hasMemory = existsSync(join(dataDir, memoryFile));
  if (hasMemory) await copyDatabase(join(dataDir, memoryFile), join(staging, memoryFile), mustGoOn);
  const { schema, name, station, counts, lists } = await examineDatabase(join(staging, databaseFile));
  const memory = hasMemory ? await examineMemory(join(staging, memoryFile)) : null;
  return {
    files: hasMemory ? [databaseFile, memoryFile] : [databaseFile],
    manifest: {
      format: 1,
      station,
      name,
      madeAt: new Date(now).toISOString(),
      why,
      by,
      version,
      schema,
      signerSchema: memory?.schema ?? null,
      counts: { ...counts, signed: memory?.certificates ?? 0 },
      lists: [...lists],
    },
  };
}

async function digestOf(path: string, mustGoOn: () => void): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const { size } = statSync(path);
  await eachPiece(path, size, (piece) => hash.update(piece), mustGoOn);
  return { bytes: size, sha256: hash.digest('hex') };
}

/** The first `bytes` of a file; a file that became shorter meanwhile is found when the backup is read back. */
async function eachPiece(path: string, bytes: number, take: (piece: Buffer) => void, mustGoOn: () => void): Promise<void> {
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes; at += pieceBytes) {
      const piece = Buffer.alloc(Math.min(pieceBytes, bytes - at));
      take(piece.subarray(0, readSync(file, piece, 0, piece.length, at)));
      await nextTurn();
      mustGoOn();
    }
  } finally {
    closeSync(file);
  }
}

/** Under another name, for this user alone, and on the disk when it returns. What was begun goes away again when it fails. */
async function writeWhole(path: string, fill: (write: (piece: Buffer) => void) => Promise<void>): Promise<void> {
  const draft = `${path}${unfinished}`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    await fill((piece) => {
      for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
    });
    fsyncSync(file);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
}

/** Reads the draft back from beginning to end, and gives it its name when it is what it should be. */
async function keepVerified(path: string, fileKey: Buffer | null): Promise<string> {
  const draft = `${path}${unfinished}`;
  try {
    await readBackup(draft, fileKey === null ? null : { fileKey });
    if (existsSync(path)) throw new Failure('FILE_EXISTS', { path });
    renameSync(draft, path);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw thrown;
  }
  syncFolder(dirname(path));
  return path;
}
