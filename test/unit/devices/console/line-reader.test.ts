import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineReader, MAX_LINE_BYTES, type TextLine } from '../../../../src-main/station/devices/console/line-reader.ts';

interface Read {
  readonly lines: TextLine[];
  readonly reader: LineReader;
}

function read(...chunks: readonly (string | Uint8Array)[]): Read {
  const lines: TextLine[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { lines, reader };
}
const texts = ({ lines }: Read): string[] => lines.map(({ text }) => text);

describe('lines of a console', () => {
  test('end with CR, LF or both; empty ones are left out', () => {
    expect(texts(read('a\r\nb\nc\rd\r\r\n\r\ne\n'))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('come without control sequences, also such that are split across reads', () => {
    expect(texts(read('\u001b[1;32muart:~$ \u001b[mhel', 'lo\u001b', '[', '8D\u001b[J!\r\n'))).toEqual(['uart:~$ hello!']);
    expect(texts(read('\u001b]0;title\u0007a\u001b(Bb\u0000\u0008c\n'))).toEqual(['abc']);
  });

  test('a sequence without an end ends with its line', () => {
    expect(texts(read('\u001b]never\nnext\n'))).toEqual(['next']);
    expect(texts(read(`\u001b]${'x'.repeat(400)}\n`))[0]).toMatch(/^x+$/u);
  });

  test('what has not ended can be seen', () => {
    expect(read('OK\r\nlogin: ').reader.open).toBe('login: ');
  });

  test('are the same however the bytes are cut', () => {
    const piece = fc.oneof(fc.constantFrom('\r\n', '\r', '\n', '\u001b[0m', '\u001b]x\u0007', '\u001b', 'OK', 'ä', '\u0000'), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(12), { maxLength: 60 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        const whole = read(bytes);
        const cutUp = read(...chunks);
        expect(cutUp.lines).toEqual(whole.lines);
        expect(cutUp.reader.open).toBe(whole.reader.open);
      }),
    );
  });

  test('one without an end is kept in part only, and says so', () => {
    const { lines } = read('x'.repeat(3 * MAX_LINE_BYTES), '\nOK\n');
    expect(lines).toEqual([
      { text: 'x'.repeat(MAX_LINE_BYTES), cut: true },
      { text: 'OK', cut: false },
    ]);
  });

  test('bytes after a line can be taken as they are, line ends and all', () => {
    for (const [first, rest] of [
      ['CONNECT\r\n', '\n\u001b[0m\r\nZ'],
      ['CONNECT\r', '\n\n\u001b[0m\r\nZ'],
      ['CONNECT\n', '\n\u001b[0m\r\nZ'],
    ] as const) {
      const taken: Buffer[] = [];
      const lines: string[] = [];
      const reader = new LineReader(({ text }) => {
        lines.push(text);
        if (text === 'CONNECT') reader.readBytes(8, (bytes) => taken.push(bytes));
      });
      for (const byte of Buffer.from(`${first}${rest}OK\r\n`)) reader.push(Buffer.from([byte]));
      expect(taken.map(String)).toEqual(['\n\u001b[0m\r\nZ']);
      expect(lines).toEqual(['CONNECT', 'OK']);
    }
  });
});
