import { Failure } from '../../../contract/index.ts';
import { itemInWords, type InstallItem } from '../install-items.ts';
import { FRAME_OVERHEAD } from './frame.ts';
import { encodeRequest, type SmpBody } from './packet.ts';

export interface WriteItemOptions {
  /** Sends one `write`; the unit's own offset after it. */
  readonly write: (body: SmpBody) => Promise<number>;
  readonly slot: number;
  /** What every `write` has besides: the unit that it is meant for. */
  readonly address: SmpBody;
  /** Longest frame the unit takes, in bytes. */
  readonly bufferBytes: number;
  /** Ask for the unit's offset before sending data: after a break it has some of it already. */
  readonly resume: boolean;
  readonly onOffset: (offset: number) => void;
  /** Called when the unit's offset is not where it was left: it restarted, or it is another unit. Throws when it is another one. */
  readonly confirmIdentity: () => Promise<void>;
}

/** More of these in one item, and the unit does not get anywhere. */
const MAX_STRAYS = 8;

/** Writes one item; the unit's own offset says where to go on. Resolves when the unit has stored the whole item and its hash was right. */
export async function writeItem({ item, bytes, sha256 }: InstallItem, options: WriteItemOptions): Promise<void> {
  const { slot, address } = options;
  const write = (off: number, data: Uint8Array): Promise<number> =>
    options.write({ slot, item, off, len: bytes.length, data, sha: sha256, ...address });
  const chunk = chunkBytes(options.bufferBytes, { slot, ...address }, item, bytes.length);
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
export function chunkBytes(bufferBytes: number, address: SmpBody, item: string, length: number): number {
  const header = { op: 'write', group: 64, command: 3, sequence: 0 } as const;
  const empty = encodeRequest(header, { ...address, item, off: length, len: length, data: Buffer.alloc(0), sha: Buffer.alloc(32) });
  // The length of a byte string takes up to two bytes more when it is not empty.
  return Math.max(1, Math.min(bufferBytes - FRAME_OVERHEAD - empty.length - 2, 4096));
}
