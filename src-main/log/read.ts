import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { idNames } from './ids.ts';
import { levels, type Level } from './line.ts';
import { logFile, numbered, usualRotation } from './files.ts';

/** A line as it stands in the file; facts beside the named fields are kept. */
const StoredLine = z.looseObject({ level: z.enum(levels), time: z.iso.datetime(), component: z.string(), msg: z.string() });
export type StoredLine = z.infer<typeof StoredLine>;

/** `bug`: the id of an INTERNAL answer. */
export const searchable = [...idNames, 'bug'] as const;
export interface Wanted {
  readonly level: Level;
  /** Lines that have all of these. */
  readonly ids: Readonly<Partial<Record<(typeof searchable)[number], string>>>;
}

/** Null for what is no line of ours: the last one of a process that was killed may be cut off. */
function parse(text: string): StoredLine | null {
  try {
    return StoredLine.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

const isWanted = (line: StoredLine, { level, ids }: Wanted): boolean =>
  levels.indexOf(line.level) >= levels.indexOf(level) && searchable.every((name) => ids[name] === undefined || line[name] === ids[name]);

const pick = (text: string, wanted: Wanted): StoredLine[] =>
  text.split('\n').flatMap((line) => {
    const parsed = line === '' ? null : parse(line);
    return parsed !== null && isWanted(parsed, wanted) ? [parsed] : [];
  });

const pieceBytes = 1024 * 1024;

/** One file of the log, read piece by piece as far as it is written. */
class LogFile {
  readonly inode: bigint;
  readonly #handle: FileHandle;
  #position = 0;
  #rest = Buffer.alloc(0);

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  /** Null where there is none. */
  static async open(path: string): Promise<LogFile | null> {
    const handle = await open(path, 'r').catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw thrown;
    });
    return handle === null ? null : new LogFile(handle, (await handle.stat({ bigint: true })).ino);
  }

  async *lines(wanted: Wanted): AsyncGenerator<StoredLine> {
    for (;;) {
      const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(pieceBytes), 0, pieceBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const all = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      const whole = all.lastIndexOf(10) + 1;
      this.#rest = all.subarray(whole);
      yield* pick(all.subarray(0, whole).toString(), wanted);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const lookMs = 250;

/**
 * The wanted lines of all files, oldest first; with a signal also those that come, until it is aborted. It goes on in the next file when
 * this one is put aside, and reads the old one to its end before.
 */
export async function* readLog(dataDir: string, wanted: Wanted, follow: AbortSignal | null): AsyncGenerator<StoredLine> {
  const path = logFile(dataDir);
  let current: LogFile | null = null;
  let newer: LogFile[] = [];
  try {
    for (;;) {
      newer = await newerThan(current, path);
      const isNews = newer.length > 0;
      if (current !== null) yield* current.lines(wanted);
      for (let next = newer.shift(); next !== undefined; next = newer.shift()) {
        await current?.close();
        current = next;
        yield* current.lines(wanted);
      }
      if (follow === null || follow.aborted) return;
      if (!isNews) await wait(lookMs, undefined, { signal: follow }).catch(() => undefined);
    }
  } finally {
    for (const file of newer) await file.close();
    await current?.close();
  }
}

/** The files that were begun after this one, oldest first. Its number on the disk is not given anew while it is open. */
async function newerThan(known: LogFile | null, path: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  // The newest first: if they are moved meanwhile, one is met twice, and none is missed.
  for (let number = 0; number <= usualRotation.kept; number++) {
    const file = await LogFile.open(numbered(path, number));
    if (file === null) continue;
    const isKnown = file.inode === known?.inode;
    if (isKnown || file.inode === files[0]?.inode) await file.close();
    else files.unshift(file);
    if (isKnown) break;
  }
  return files;
}
