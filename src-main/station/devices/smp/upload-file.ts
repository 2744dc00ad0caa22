import { Failure } from '../../../contract/index.ts';
import { digestOf, fileFailure, storedFile, type FileDigest } from './file-system.ts';
import { FRAME_OVERHEAD } from './frame.ts';
import { encodeRequest } from './packet.ts';
import { FILE_GROUP, OS_GROUP, type Refusal } from './refusal.ts';
import type { SmpUnit } from './unit-line.ts';

export interface UploadOptions {
  /** Longest frame the unit takes, in bytes. */
  readonly bufferBytes: number;
  /** How the file can be read back; null: not at all. */
  readonly digest: FileDigest | null;
  /** How many bytes of this file the unit has said that it has, before it went away; 0: begin anew. */
  readonly resumeAt: number;
  readonly signal: AbortSignal;
  readonly onOffset: (offset: number) => void;
  /** Called when the unit's offset is not where it was left: it restarted, or it is another unit. Throws when it is another one. */
  readonly confirmIdentity: () => Promise<void>;
}

/** More of these in one file, and the unit does not get anywhere. */
const MAX_STRAYS = 8;
const OFFSET_NOT_VALID = 11;
const INVALID = 3;

/**
 * Writes a file by the file management group; the unit's own offset says where to go on. Whether it is right is for the read-back to say: the group has no check of its own.
 * A target that keeps its last upload in mind adds to that what it is sent a second time (an answer was lost), so a file that is begun anew is closed first.
 */
export async function uploadFile(line: SmpUnit, name: string, bytes: Uint8Array, options: UploadOptions): Promise<void> {
  const chunk = uploadChunkBytes(options.bufferBytes, name, bytes.length);
  let offset = await resumeOffset(line, name, bytes, options);
  let strays = 0;
  while (offset < bytes.length) {
    options.onOffset(offset);
    if (offset === 0) await close(line, options.signal);
    const data = bytes.subarray(offset, offset + chunk);
    const told = await write(line, name, offset, data, bytes.length, options.signal);
    if (told <= offset || told > offset + data.length) {
      strays += 1;
      if (strays > MAX_STRAYS)
        throw new Failure('CONTENT_REJECTED', { item: name }, `its offset stays at ${String(told)} of ${String(bytes.length)}`);
      await options.confirmIdentity();
    }
    // More than it was sent cannot be ours.
    offset = told > offset + data.length ? 0 : told;
  }
  options.onOffset(bytes.length);
}

/** Sends a part. Returns the unit's own offset, also where it refuses this part because it is somewhere else. */
async function write(line: SmpUnit, name: string, off: number, data: Uint8Array, len: number, signal: AbortSignal): Promise<number> {
  const said = await line.ask('file-upload', { name, off, data, ...(off === 0 ? { len } : {}) }, { signal });
  if (said.refusal === null) return said.answer.off;
  // Where it is stands beside the error: as the length of the file, before Zephyr 3.5 as the offset; after a restart those know nothing at all.
  const own = said.body['len'] ?? said.body['off'];
  if (off > 0 && isElsewhere(said.refusal)) return typeof own === 'number' ? own : 0;
  throw fileFailure('file-upload', said.refusal, name);
}

const isElsewhere = ({ group, rc }: Refusal): boolean =>
  group === FILE_GROUP ? rc === OFFSET_NOT_VALID : group === OS_GROUP && rc === INVALID;

async function close(line: SmpUnit, signal: AbortSignal): Promise<void> {
  const said = await line.askIfThere('file-close', {}, signal);
  if (said !== null && said.refusal !== null) throw fileFailure('file-close', said.refusal, 'the open file');
}

/** Where to go on: behind bytes that are known to be these, and that the unit had said to have. A restart may have cost it the last of them. */
async function resumeOffset(line: SmpUnit, name: string, bytes: Uint8Array, { resumeAt, digest, signal }: UploadOptions): Promise<number> {
  if (resumeAt === 0 || digest === null) return 0;
  const stored = await storedFile(line, name, digest, signal, resumeAt);
  if (stored === null || stored.bytes > resumeAt) return 0;
  return stored.digest === digestOf(digest, bytes.subarray(0, stored.bytes)) ? stored.bytes : 0;
}

/** How much data fits into one frame of the unit beside everything else in it. */
export function uploadChunkBytes(bufferBytes: number, name: string, length: number): number {
  const header = { op: 'write', group: FILE_GROUP, command: 0, sequence: 0 } as const;
  const empty = encodeRequest(header, { name, off: length, len: length, data: Buffer.alloc(0) });
  // The length of a byte string takes up to two bytes more when it is not empty.
  return Math.max(1, Math.min(bufferBytes - FRAME_OVERHEAD - empty.length - 2, 4096));
}
