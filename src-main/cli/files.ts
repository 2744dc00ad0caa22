import { closeSync, createReadStream, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Failure, systemFailure, unwrap } from '../contract/index.ts';

type Access = 'read' | 'write';

const errnoOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** What the operating system says about a file that a person named, as a failure with a name. */
export function fileFailure(path: string, access: Access, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const errno = errnoOf(thrown);
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return access === 'read' ? new Failure('FILE_NOT_FOUND', { path }, thrown) : new Failure('FOLDER_NOT_FOUND', { path }, thrown);
    case 'EACCES':
    case 'EPERM':
      return access === 'read' ? new Failure('FILE_DENIED', { path }, thrown) : new Failure('DATA_DENIED', { path }, thrown);
    case 'EISDIR':
      return new Failure('FILE_IS_FOLDER', { path }, thrown);
    case 'EEXIST':
      return new Failure('FILE_EXISTS', { path }, thrown);
    default:
      return systemFailure(thrown, path) ?? new Failure('FILE_FAILED', { path, errno: errno === '' ? 'no error code' : errno }, thrown);
  }
}

const standardStream = '-';

/** The bytes of a file that a person named; `-` is standard input. FILE_NOT_FOUND, FILE_DENIED, FILE_IS_FOLDER, FILE_FAILED. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path === standardStream ? 0 : path);
  } catch (thrown) {
    throw fileFailure(path === standardStream ? 'standard input' : path, 'read', thrown);
  }
}

export const readText = (path: string): string => readBytes(path).toString('utf8');

/** The same piece by piece, for files that may be large. */
export async function* piecesOf(path: string, size: number): AsyncGenerator<Buffer> {
  const stream = path === standardStream ? process.stdin : createReadStream(path, { highWaterMark: size });
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) yield piece;
  } catch (thrown) {
    throw fileFailure(path === standardStream ? 'standard input' : path, 'read', thrown);
  }
}

/** Writes a file that a person asked for; `-` is standard output. FOLDER_NOT_FOUND, DATA_DENIED, FILE_EXISTS (flag wx), DISK_FULL, FILE_FAILED. */
export function writeGivenFile(path: string, content: string | Uint8Array, options: { mode?: number; flag?: 'w' | 'wx' } = {}): void {
  if (path === standardStream) {
    process.stdout.write(content);
    return;
  }
  try {
    writeFileSync(path, content, options);
  } catch (thrown) {
    throw fileFailure(path, 'write', thrown);
  }
}

/**
 * A file that is taken before there is anything to write: what was signed must not be lost for a file that cannot be
 * written, and a key must not overwrite another.
 */
export class NewFile {
  readonly path: string;
  #handle: number | null;

  /** FILE_EXISTS, FOLDER_NOT_FOUND, DATA_DENIED. */
  constructor(path: string, mode: number) {
    this.path = path;
    try {
      this.#handle = path === standardStream ? null : openSync(path, 'wx', mode);
    } catch (thrown) {
      throw fileFailure(path, 'write', thrown);
    }
  }

  /** Writes it, synced. DISK_FULL, FILE_FAILED. */
  fill(content: string | Uint8Array): void {
    if (this.path === standardStream) {
      process.stdout.write(content);
      return;
    }
    const handle = unwrap(this.#handle, 'a file is filled once');
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
      closeSync(handle);
      this.#handle = null;
    } catch (thrown) {
      throw fileFailure(this.path, 'write', thrown);
    }
  }

  /** Takes it away again where nothing was written. */
  close(): void {
    if (this.#handle === null) return;
    closeSync(this.#handle);
    this.#handle = null;
    rmSync(this.path, { force: true });
  }
}
