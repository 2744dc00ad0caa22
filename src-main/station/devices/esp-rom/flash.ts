import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { Failure, type ErrorCode } from '../../../contract/index.ts';
import type { PartitionImage } from './images.ts';
import type { RomLine } from './rom-line.ts';

export const SECTOR_BYTES = 0x1000;
/** What the ROM takes at a time; a stub takes more. */
const BLOCK_BYTES = 0x400;
const CHECKSUM_SEED = 0xef;
/** The ROM counts over the flash as it reads it: 8 s a megabyte is what esptool allows; erasing a sector takes up to 0.4 s. */
const MD5_MS_PER_MB = 8000;
const ERASE_MS_PER_SECTOR = 500;
/** How often a sector is begun anew after a lost or damaged answer: a block must not be sent twice, the ROM would write it twice. */
const SECTOR_TRIES = 4;
const AGAIN: readonly ErrorCode[] = ['NO_RESPONSE', 'LINK_CORRUPT'];

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** FLASH_BEGIN's fifth word; null: this chip has none. */
  readonly encrypt: boolean | null;
  readonly onSector: (bytes: number) => void;
}

/** MD5 of a part of the flash, in hex. */
export async function flashMd5(line: RomLine, offset: number, size: number, signal: AbortSignal): Promise<string> {
  const extraMs = (size / 0x10_0000) * MD5_MS_PER_MB;
  const { data } = await line.call('SPI_FLASH_MD5', [offset, size, 0, 0], { signal, extraMs, about: { offset, size } });
  const digest = md5Of(data);
  if (digest === null) throw new Failure('UNVERIFIABLE', { item: 'flash' }, `${String(data.length)} bytes instead of an MD5`);
  return digest;
}

/** A digest as it was answered, in hex: 32 characters by the ROM, 16 bytes by a stub. Null when it is none. */
export function md5Of(data: Buffer): string | null {
  const digest = data.length === 16 ? data.toString('hex') : data.toString('latin1').toLowerCase();
  return /^[0-9a-f]{32}$/u.test(digest) ? digest : null;
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/**
 * Writes an image sector by sector. A sector that holds the right bytes already is left as it is, which is also how a write that was cut off goes on: the
 * flash itself is the journal. `known` false: nothing can be read back, every sector is written.
 */
export async function writeImage(line: RomLine, { offset, bytes }: PartitionImage, known: boolean, options: WriteOptions): Promise<void> {
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    const sector = bytes.subarray(at, at + SECTOR_BYTES);
    const there = known && (await flashMd5(line, offset + at, sector.length, options.signal)) === md5(sector);
    if (!there) await writeSector(line, offset + at, sector, options);
    options.onSector(sector.length);
  }
}

async function writeSector(line: RomLine, offset: number, sector: Buffer, options: WriteOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      // Encryption on the way in works on blocks of the plain text only.
      await (options.encrypt === true ? writePlain : writeDeflated)(line, offset, sector, options);
      return;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || !AGAIN.includes(thrown.code) || tries === SECTOR_TRIES) throw thrown;
      line.transcript.note(`the sector at 0x${offset.toString(16)} is begun anew: ${thrown.code}`);
      await line.resynchronise(options.signal);
    }
  }
}

async function writeDeflated(line: RomLine, offset: number, sector: Buffer, { signal, encrypt }: WriteOptions): Promise<void> {
  const packed = deflateSync(sector, { level: 9 });
  try {
    const blocks = Math.ceil(packed.length / BLOCK_BYTES);
    const words = [SECTOR_BYTES, blocks, BLOCK_BYTES, offset, ...encryptWord(encrypt)];
    await line.call('FLASH_DEFL_BEGIN', words, { signal, extraMs: ERASE_MS_PER_SECTOR, about: { offset, bytes: packed.length } });
    for (let sequence = 0; sequence < blocks; sequence++) {
      await sendBlock(line, 'FLASH_DEFL_DATA', sequence, packed.subarray(sequence * BLOCK_BYTES, (sequence + 1) * BLOCK_BYTES), signal);
    }
  } finally {
    packed.fill(0);
  }
}

async function writePlain(line: RomLine, offset: number, sector: Buffer, { signal, encrypt }: WriteOptions): Promise<void> {
  const blocks = sector.length / BLOCK_BYTES;
  const words = [sector.length, blocks, BLOCK_BYTES, offset, ...encryptWord(encrypt)];
  await line.call('FLASH_BEGIN', words, { signal, extraMs: ERASE_MS_PER_SECTOR, about: { offset, bytes: sector.length } });
  for (let sequence = 0; sequence < blocks; sequence++) {
    await sendBlock(line, 'FLASH_DATA', sequence, sector.subarray(sequence * BLOCK_BYTES, (sequence + 1) * BLOCK_BYTES), signal);
  }
}

const encryptWord = (encrypt: boolean | null): number[] => (encrypt === null ? [] : [encrypt ? 1 : 0]);

async function sendBlock(
  line: RomLine,
  name: 'FLASH_DATA' | 'FLASH_DEFL_DATA',
  sequence: number,
  block: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const checksum = block.reduce((sum, byte) => sum ^ byte, CHECKSUM_SEED);
  const about = { sequence, bytes: block.length };
  await line.call(name, [block.length, sequence, 0, 0], { signal, checksum, extraMs: ERASE_MS_PER_SECTOR, about }, block);
}

/** Back to FF. The ROM erases what FLASH_BEGIN announces. */
export async function eraseRegion(
  line: RomLine,
  offset: number,
  size: number,
  encrypt: boolean | null,
  signal: AbortSignal,
): Promise<void> {
  const extraMs = (size / SECTOR_BYTES) * ERASE_MS_PER_SECTOR;
  const words = [size, size / BLOCK_BYTES, BLOCK_BYTES, offset, ...encryptWord(encrypt === null ? null : false)];
  await line.call('FLASH_BEGIN', words, { signal, extraMs, about: { offset, erase: size } });
}
