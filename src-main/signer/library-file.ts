import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Failure } from '../contract/index.ts';

/** Where an ELF header and the entries of its program header table say what is where, by class: 32 and 64 bits. */
const layouts = {
  1: { header: 52, word: 4, table: { at: 28, size: 42, count: 44 }, segment: { at: 4, size: 16 } },
  2: { header: 64, word: 8, table: { at: 32, size: 54, count: 56 }, segment: { at: 8, size: 32 } },
} as const;

/**
 * MODULE_CUT_OFF for an ELF library that ends before what is to be mapped of it does: the loader maps it all the same, and the process ends with
 * SIGBUS when it is used. Anything else is for the loader to judge.
 */
export function mustBeWhole(path: string): void {
  const file = openSync(path, 'r');
  try {
    const bytes = fstatSync(file).size;
    const needed = neededBytes((at, length) => {
      const read = Buffer.alloc(length);
      return readSync(file, read, 0, length, at) === length ? read : null;
    });
    if (needed > bytes) throw new Failure('MODULE_CUT_OFF', { path, bytes, needed });
  } finally {
    closeSync(file);
  }
}

/** How long the file must be, as far as it tells; 0 for one that is no ELF file. */
function neededBytes(read: (at: number, length: number) => Buffer | null): number {
  const ident = read(0, 6);
  if (ident?.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')) !== true) return 0;
  const layout = layouts[ident[4] as 1 | 2] as (typeof layouts)[1 | 2] | undefined;
  if (layout === undefined) return 0;
  const header = read(0, layout.header);
  if (header === null) return layout.header;
  const little = ident[5] === 1;
  const short = (from: Buffer, at: number): number => (little ? from.readUInt16LE(at) : from.readUInt16BE(at));
  const word = (from: Buffer, at: number): number => {
    if (layout.word === 4) return little ? from.readUInt32LE(at) : from.readUInt32BE(at);
    return Number(little ? from.readBigUInt64LE(at) : from.readBigUInt64BE(at));
  };
  const { table, segment } = layout;
  const [at, size, count] = [word(header, table.at), short(header, table.size), short(header, table.count)];
  if (size < segment.size + layout.word) return 0;
  let needed = at + size * count;
  for (let index = 0; index < count; index++) {
    const one = read(at + index * size, size);
    if (one === null) break;
    needed = Math.max(needed, word(one, segment.at) + word(one, segment.size));
  }
  return needed;
}
