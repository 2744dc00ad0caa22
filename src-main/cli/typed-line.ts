import type { ReadStream } from 'node:tty';
import { Failure } from '../contract/index.ts';

/** As long as a passphrase may be. */
const longest = 1024;
const keys = { interrupt: 0x03, end: 0x04, backspace: 0x08, lineFeed: 0x0a, enter: 0x0d, clear: 0x15, delete: 0x7f } as const;

/** One line typed on a terminal without being shown, as bytes that can be wiped. CANCELLED where no line will come (Ctrl-D). */
export function typedLine(terminal: ReadStream): Promise<Buffer> {
  const line = Buffer.alloc(longest);
  let length = 0;
  terminal.setRawMode(true);
  terminal.resume();
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      terminal.off('data', onData).off('close', cancel);
      terminal.setRawMode(false);
      terminal.pause();
      line.fill(0);
    };
    const cancel = (): void => {
      leave();
      reject(new Failure('CANCELLED', { left: 'as they were' }));
    };
    const finish = (rest: Buffer): void => {
      // Not from the shared pool: its owner wipes it.
      const typed = Buffer.alloc(length);
      line.copy(typed, 0, 0, length);
      leave();
      if (rest.length > 0) terminal.unshift(Buffer.from(rest));
      resolve(typed);
    };
    const onData = (chunk: Buffer): void => {
      for (const [index, key] of chunk.entries()) {
        if (key === keys.enter || key === keys.lineFeed) {
          finish(chunk.subarray(index + 1));
          break;
        }
        if (key === keys.end && length === 0) {
          cancel();
          break;
        }
        if (key === keys.interrupt) process.kill(process.pid, 'SIGINT');
        else if (key === keys.clear) length = 0;
        else if (key === keys.backspace || key === keys.delete) length = withoutLast(line, length);
        else if (key >= 0x20 && length < longest) line[length++] = key;
      }
      chunk.fill(0);
    };
    terminal.on('data', onData).on('close', cancel);
  });
}

/** One character less, which may be several bytes of UTF-8. */
function withoutLast(line: Buffer, length: number): number {
  let left = length - 1;
  while (left > 0 && ((line[left] ?? 0) & 0xc0) === 0x80) left--;
  return Math.max(left, 0);
}
