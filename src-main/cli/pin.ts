import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure, tryOutPin } from '../contract/index.ts';
import { fileFailure, readText } from './files.ts';

export interface SecretSource {
  /** A file that holds the secret alone; `-` is standard input. */
  readonly file: string | undefined;
  /** The option that names the file. */
  readonly option: '--pin-file' | '--password-file' | '--passphrase-file';
  readonly tryOut: boolean;
}

/** Standard input can be read once, and a set-up asks for the PIN of its new token a second time. */
let standardInput: string | undefined;

/** A PIN or password, from wherever the operator keeps it. Never from an argument or the environment: both can be read by others. */
export async function readSecret({ file, option, tryOut }: SecretSource, question: string): Promise<string> {
  if (file !== undefined) return withoutLineEnd(file === '-' ? (standardInput ??= readInput()) : readText(file));
  if (tryOut) return tryOutPin;
  if (!process.stdin.isTTY) throw new Failure('INVALID_INPUT', { field: option, problem: 'there is no terminal to ask for it on' });
  return ask(question);
}

function readInput(): string {
  try {
    return readFileSync(0, 'utf8');
  } catch (thrown) {
    throw fileFailure('standard input', 'read', thrown);
  }
}

/** Editors end a file with a line end, some begin it with a byte order mark. */
const withoutLineEnd = (text: string): string => text.replace(/^\uFEFF/u, '').replace(/\r?\n$/u, '');

function ask(question: string): Promise<string> {
  process.stderr.write(`${question}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    // Ctrl-D: no PIN will come.
    lines.once('close', () => reject(new Failure('CANCELLED', { left: 'as they were' })));
    lines.question('', (pin) => {
      resolve(pin);
      lines.close();
      process.stderr.write('\n');
    });
  });
}
