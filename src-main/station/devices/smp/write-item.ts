import { Failure } from '../../../contract/index.ts';
import { itemInWords, type InstallItem } from '../install-items.ts';
import { FRAME_OVERHEAD } from './frame.ts';
import { encodeRequest } from './packet.ts';
import type { UnitLine } from './unit-line.ts';

export interface WriteItemOptions {
  readonly slot: number;
  /** Longest frame the unit takes, in bytes. */
  readonly bufferBytes: number;
  /** Ask for the unit's offset before sending data: after a break it has some of it already. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly onOffset: (offset: number) => void;
  /** Called when the unit's offset is not where it was left: it restarted, or it is another unit. Throws when it is another one. */
  readonly confirmIdentity: () => Promise<void>;
}

/** More of these in one item, and the unit does not get anywhere. */
const MAX_STRAYS = 8;

/** Writes one item; the unit's own offset says where to go on. Resolves when the unit has stored the whole item and its hash was right. */
export async function writeItem(line: UnitLine, { item, bytes, sha256 }: InstallItem, options: WriteItemOptions): Promise<void> {
  const { slot, signal } = options;
  const write = async (off: number, data: Uint8Array): Promise<number> =>
    (await line.call('write', { slot, item, off, len: bytes.length, data, sha: sha256 }, { signal })).off;
  const chunk = chunkBytes(options.bufferBytes, slot, item, bytes.length);
  let offset = options.resume ? await write(0, Buffer.alloc(0)) : 0;
  let strays = 0;
  while (offset < bytes.length) {
    options.onOffset(offset);
    const data = bytes.subarray(offset, offset + chunk);
    const answered = await write(offset, data);
    if (answered !== offset + data.length) {
      strays += 1;
      if (strays > MAX_STRAYS)
        throw new Failure(
          'CONTENT_REJECTED',
          { item: itemInWords(item) },
          `its offset stays at ${String(answered)} of ${String(bytes.length)}`,
        );
      await options.confirmIdentity();
    }
    offset = answered;
  }
  options.onOffset(bytes.length);
}

/** How much data fits into one frame of the unit beside everything else in it. */
export function chunkBytes(bufferBytes: number, slot: number, item: string, length: number): number {
  const header = { op: 'write', group: 64, command: 3, sequence: 0 } as const;
  const empty = encodeRequest(header, { slot, item, off: length, len: length, data: Buffer.alloc(0), sha: Buffer.alloc(32) });
  // The length of a byte string takes up to two bytes more when it is not empty.
  return Math.max(1, Math.min(bufferBytes - FRAME_OVERHEAD - empty.length - 2, 4096));
}
