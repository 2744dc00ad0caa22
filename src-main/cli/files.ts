import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../contract/index.ts';

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
    case 'EROFS':
      return access === 'read' ? new Failure('FILE_DENIED', { path }, thrown) : new Failure('DATA_DENIED', { path }, thrown);
    case 'EISDIR':
      return new Failure('FILE_IS_FOLDER', { path }, thrown);
    case 'EEXIST':
      return new Failure('FILE_EXISTS', { path }, thrown);
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure('DISK_FULL', { path }, thrown);
    default:
      return new Failure('FILE_FAILED', { path, errno: errno === '' ? 'no error code' : errno }, thrown);
  }
}

/** The bytes of a file that a person named. FILE_NOT_FOUND, FILE_DENIED, FILE_IS_FOLDER, FILE_FAILED. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw fileFailure(path, 'read', thrown);
  }
}

export const readText = (path: string): string => readBytes(path).toString('utf8');

/** Writes a file that a person asked for. FOLDER_NOT_FOUND, DATA_DENIED, FILE_EXISTS (flag wx), DISK_FULL, FILE_FAILED. */
export function writeGivenFile(path: string, content: string | Uint8Array, options: { mode?: number; flag?: 'w' | 'wx' } = {}): void {
  try {
    writeFileSync(path, content, options);
  } catch (thrown) {
    throw fileFailure(path, 'write', thrown);
  }
}

/** Takes the name for a file that is written later. FILE_EXISTS, FOLDER_NOT_FOUND, DATA_DENIED. */
export function openNewFile(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (thrown) {
    throw fileFailure(path, 'write', thrown);
  }
}

/** Fills a file that was taken, synced. DISK_FULL, FILE_FAILED. */
export function fillFile(path: string, handle: number, content: string | Uint8Array): void {
  try {
    writeFileSync(handle, content);
    fsyncSync(handle);
    closeSync(handle);
  } catch (thrown) {
    throw fileFailure(path, 'write', thrown);
  }
}
