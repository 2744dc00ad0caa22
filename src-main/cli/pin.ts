import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure, tryOutPin } from '../contract/index.ts';

export interface PinSource {
  /** `--pin-file`: a file that holds the PIN alone; `-` is standard input. */
  readonly file: string | undefined;
  readonly tryOut: boolean;
}

/** The PIN, from wherever the operator keeps it. Never from an argument or the environment: both can be read by others. */
export async function readPin(source: PinSource, question: string): Promise<string> {
  if (source.file !== undefined) {
    try {
      return readFileSync(source.file === '-' ? 0 : source.file, 'utf8').replace(/\r?\n$/u, '');
    } catch (thrown) {
      throw new Failure('INVALID_INPUT', { field: '--pin-file', problem: `${source.file} cannot be read` }, thrown);
    }
  }
  if (source.tryOut) return tryOutPin;
  if (!process.stdin.isTTY)
    throw new Failure('INVALID_INPUT', { field: '--pin-file', problem: 'there is no terminal to ask for the PIN on' });
  process.stderr.write(`${question}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve) => {
    lines.question('', (pin) => {
      lines.close();
      process.stderr.write('\n');
      resolve(pin);
    });
  });
}
