import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tarEnd, tarHeader, tarPadding, TarReader } from '../../../src-main/station/backup/tar.ts';

const archiveOf = (files: readonly (readonly [string, Uint8Array])[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(([name, bytes]) => [tarHeader(name, bytes.length, 1_700_000_000_000), Buffer.from(bytes), tarPadding(bytes.length)]),
    tarEnd(),
  ]);

function read(archive: Buffer, pieceBytes: number): (readonly [string, Buffer])[] {
  const files: (readonly [string, Buffer])[] = [];
  let name = '';
  let pieces: Buffer[] = [];
  const reader = new TarReader({
    begin: (file) => {
      name = file.name;
      pieces = [];
    },
    bytes: (piece) => void pieces.push(Buffer.from(piece)),
    end: () => void files.push([name, Buffer.concat(pieces)]),
  });
  for (let at = 0; at < archive.length; at += pieceBytes) reader.push(archive.subarray(at, at + pieceBytes));
  reader.finish();
  return files;
}

const files = fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9/.-]{1,100}$/u), fc.uint8Array({ maxLength: 1500 })), { maxLength: 4 });

test('what was written is read, whatever pieces it comes in', () => {
  fc.assert(
    fc.property(files, fc.integer({ min: 1, max: 2000 }), (given, pieceBytes) => {
      expect(read(archiveOf(given), pieceBytes)).toEqual(given.map(([name, bytes]) => [name, Buffer.from(bytes)]));
    }),
  );
});

test('an archive that is cut off at any byte is refused', () => {
  const archive = archiveOf([
    ['one', Buffer.alloc(700, 1)],
    ['two', Buffer.alloc(0)],
  ]);
  for (let length = 0; length < archive.length; length += 7) expect(() => read(archive.subarray(0, length), 512)).toThrow();
});

test('a header with one wrong byte is refused', () => {
  const archive = archiveOf([['one', Buffer.alloc(10)]]);
  for (const at of [0, 100, 124, 148, 156]) {
    const wrong = Buffer.from(archive);
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    expect(() => read(wrong, 512)).toThrow();
  }
});
