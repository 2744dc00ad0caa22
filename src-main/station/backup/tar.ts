import { Failure } from '../../contract/index.ts';

const blockBytes = 512;
const paddingOf = (size: number): number => (blockBytes - (size % blockBytes)) % blockBytes;

/** The header of one file in a tar archive (POSIX ustar), so that any tar can read a backup. The name has at most 100 bytes. */
export function tarHeader(name: string, size: number, modifiedMs: number): Buffer {
  if (Buffer.byteLength(name) > 100)
    throw new Failure('INVALID_INPUT', { field: 'file', problem: `the name ${name} is too long for a backup` });
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  header.write(name, 0, 'utf8');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(modifiedMs / 1000), 136, 12);
  header.fill(' ', 148, 156);
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** What fills the last block of a file. */
export const tarPadding = (size: number): Buffer => Buffer.alloc(paddingOf(size));
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockBytes);

export interface TarFile {
  readonly name: string;
  readonly size: number;
}

/** Where the bytes of an archive go: each file is begun, gets its bytes in pieces, and is ended. */
export interface TarVisitor {
  begin(file: TarFile): void;
  bytes(piece: Buffer): void;
  end(): void;
}

/** Reads an archive that `tarHeader` wrote, piece by piece. Throws an Error with what is wrong. */
export class TarReader {
  readonly #visitor: TarVisitor;
  #header = Buffer.alloc(0);
  #left = 0;
  #padding = 0;
  #open = false;
  #zeroBlocks = 0;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  push(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(this.#take(rest));
  }

  /** After the last piece. */
  finish(): void {
    if (this.#open || this.#header.length > 0 || this.#zeroBlocks < 2) throw new Error('it is cut off');
  }

  #take(rest: Buffer): number {
    if (this.#open && this.#left > 0) {
      const piece = rest.subarray(0, this.#left);
      this.#left -= piece.length;
      this.#visitor.bytes(piece);
      if (this.#left === 0) this.#endFile();
      return piece.length;
    }
    if (this.#padding > 0) {
      const skipped = Math.min(rest.length, this.#padding);
      this.#padding -= skipped;
      return skipped;
    }
    const part = rest.subarray(0, blockBytes - this.#header.length);
    this.#header = Buffer.concat([this.#header, part]);
    if (this.#header.length === blockBytes) this.#takeHeader();
    return part.length;
  }

  #takeHeader(): void {
    const header = this.#header;
    this.#header = Buffer.alloc(0);
    if (header.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw new Error('there is something after its end');
    const text = (at: number, length: number): string => header.toString('utf8', at, at + length).replace(/\0.*$/su, '');
    const sum = Number.parseInt(text(148, 8), 8);
    const blank = Buffer.from(header).fill(' ', 148, 156);
    if (sum !== blank.reduce((total, byte) => total + byte, 0)) throw new Error('a header in it is damaged');
    const size = Number.parseInt(text(124, 12), 8);
    if (text(156, 1) !== '0' || !Number.isSafeInteger(size)) throw new Error('there is something in it that is no file');
    this.#left = size;
    this.#padding = paddingOf(size);
    this.#open = true;
    this.#visitor.begin({ name: text(0, 100), size });
    if (size === 0) this.#endFile();
  }

  #endFile(): void {
    this.#open = false;
    this.#visitor.end();
  }
}
