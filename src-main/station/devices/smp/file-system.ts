import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Failure } from '../../../contract/index.ts';
import { printable } from '../transcript.ts';
import type { CommandName } from './commands.ts';
import { MAX_FILE_BYTES } from './commands.ts';
import { FILE_GROUP, OS_GROUP, refusalFailure, type Refusal } from './refusal.ts';
import type { SmpUnit } from './unit-line.ts';

/** Results of the file management group (Zephyr, `fs_mgmt_err_code_t`); a target of SMP version 1 says one of `MGMT_ERR_…` instead. */
const fileErrors: Readonly<Record<number, string>> = {
  1: 'unknown error',
  2: 'invalid file name',
  3: 'no such file',
  4: 'it is a directory',
  5: 'open failed',
  6: 'seek failed',
  7: 'read failed',
  8: 'truncate failed',
  9: 'delete failed',
  10: 'write failed; the file system may be full',
  11: 'offset not valid',
  12: 'offset larger than the file',
  13: 'hash not supported',
  14: 'no such mount point',
  15: 'read-only file system',
  16: 'empty file',
  17: 'close failed',
};
const NOT_FOUND = 3;
const HASH_NOT_FOUND = 13;
const EMPTY = 16;
const ENTRY_NOT_FOUND = 5;
const INVALID = 3;
const ACCESS_DENIED = 11;

/** How what is stored in a file can be told, the best first. */
export type FileDigest = 'sha256' | 'content' | 'crc32';
/** A file as the unit tells of it: over all of its bytes, in hex. */
export interface StoredFile {
  readonly bytes: number;
  readonly digest: string;
}

const isNoFile = ({ group, rc }: Refusal): boolean => (group === FILE_GROUP ? rc === NOT_FOUND : rc === ENTRY_NOT_FOUND);
/** SMP version 1 has one error for a hash that it does not know and for other things that it does not like. */
const isNoSuchHash = (refusal: Refusal): boolean => (refusal.group === FILE_GROUP ? refusal.rc === HASH_NOT_FOUND : refusal.rc === INVALID);

export const digestOf = (by: FileDigest, content: Uint8Array): string =>
  by === 'crc32' ? crc32(content).toString(16).padStart(8, '0') : createHash('sha256').update(content).digest('hex');

/** What went wrong with a file, by the unit's own error. */
export function fileFailure(command: CommandName, refusal: Refusal, path: string): Failure {
  const denied = refusal.group === OS_GROUP && refusal.rc === ACCESS_DENIED ? 'access denied' : undefined;
  const error = refusal.group === FILE_GROUP ? fileErrors[refusal.rc] : denied;
  if (error === undefined) return refusalFailure(command, refusal, { item: path });
  return new Failure('DEVICE_REFUSED', { command: `${command} ${path}`, error });
}

/** How this file can be read back; null: not at all. `types`: what the unit says that it can hash; null when it does not say. */
export async function howToDigest(
  line: SmpUnit,
  path: string,
  types: readonly string[] | null,
  signal: AbortSignal,
): Promise<FileDigest | null> {
  const hashes = async (type: 'sha256' | 'crc32'): Promise<boolean> => {
    if (types !== null && !types.includes(type)) return false;
    const said = await line.askIfThere('file-hash', { name: path, type }, signal);
    if (said === null) return false;
    return said.refusal === null ? said.answer.type === type : !isNoSuchHash(said.refusal) && !isDenied(said.refusal);
  };
  if (await hashes('sha256')) return 'sha256';
  const read = await line.ask('file-download', { name: path, off: 0 }, { signal });
  if (read.refusal === null || isNoFile(read.refusal)) return 'content';
  return (await hashes('crc32')) ? 'crc32' : null;
}

const isDenied = ({ group, rc }: Refusal): boolean => group === OS_GROUP && rc === ACCESS_DENIED;

/** The hashes that the unit says it has; null when it has no command to say so. */
export async function hashTypes(line: SmpUnit, signal: AbortSignal): Promise<readonly string[] | null> {
  const said = await line.askIfThere('file-hash-types', {}, signal);
  return said?.refusal === null ? [...said.answer.types.keys()].map(String) : null;
}

/** What is stored in a file, or in its first `length` bytes; null: it is not there, or empty. */
export async function storedFile(
  line: SmpUnit,
  path: string,
  by: FileDigest,
  signal: AbortSignal,
  length?: number,
): Promise<StoredFile | null> {
  if (by === 'content') {
    const content = await downloadFile(line, path, signal);
    if (content === null) return null;
    const part = content.subarray(0, length ?? content.length);
    const stored = { bytes: part.length, digest: digestOf(by, part) };
    content.fill(0);
    return stored;
  }
  const said = await line.ask('file-hash', { name: path, type: by, ...(length === undefined ? {} : { len: length }) }, { signal });
  if (said.refusal !== null) {
    if (isNoFile(said.refusal) || (said.refusal.group === FILE_GROUP && said.refusal.rc === EMPTY)) return null;
    throw fileFailure('file-hash', said.refusal, path);
  }
  const { type, len, output } = said.answer;
  const digest = typeof output === 'number' ? output.toString(16).padStart(8, '0') : Buffer.from(output).toString('hex');
  // A target that leaves the type out of account answers with its default: other digits would look like another content.
  if (type !== by)
    throw new Failure('DEVICE_REFUSED', {
      command: `file-hash ${path}`,
      error: `a hash of another kind (${printable(Buffer.from(type.slice(0, 20)))})`,
    });
  return { bytes: len, digest };
}

/** All of a file; null: it is not there. */
export async function downloadFile(line: SmpUnit, path: string, signal: AbortSignal): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let total: number | null = null;
  for (let offset = 0; total === null || offset < total;) {
    const said = await line.ask('file-download', { name: path, off: offset }, { signal });
    if (said.refusal !== null) {
      if (isNoFile(said.refusal)) return null;
      throw fileFailure('file-download', said.refusal, path);
    }
    const { off, data, len } = said.answer;
    total ??= len ?? null;
    const wrong = off !== offset || total === null || offset + data.length > total || (data.length === 0 && offset < total);
    if (wrong || total === null || total > MAX_FILE_BYTES)
      throw new Failure('DEVICE_REFUSED', { command: `file-download ${path}`, error: 'a part that was not asked for' });
    parts.push(data);
    offset += data.length;
  }
  const content = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return content;
}

/** Bytes in a file; null: it is not there. */
export async function fileLength(line: SmpUnit, path: string, signal: AbortSignal): Promise<number | null> {
  const said = await line.askIfThere('file-status', { name: path }, signal);
  if (said?.refusal === null) return said.answer.len;
  if (said !== null) {
    if (isNoFile(said.refusal)) return null;
    throw fileFailure('file-status', said.refusal, path);
  }
  // The first part of a file comes with its length.
  const read = await line.ask('file-download', { name: path, off: 0 }, { signal });
  if (read.refusal === null) return read.answer.len ?? null;
  if (isNoFile(read.refusal)) return null;
  throw fileFailure('file-download', read.refusal, path);
}
