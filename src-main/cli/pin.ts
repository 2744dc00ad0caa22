import { readFileSync } from 'node:fs';
import { Failure, tryOutPin } from '../contract/index.ts';
import { fileFailure } from './files.ts';
import { typedLine } from './typed-line.ts';

export interface SecretSource {
  /** A file that holds the secret alone; `-` is standard input. */
  readonly file: string | undefined;
  /** The option that names the file. */
  readonly option: '--pin-file' | '--password-file' | '--passphrase-file';
  readonly tryOut: boolean;
}

/** Standard input can be read once, and a set-up asks for the PIN of its new token a second time. */
let standardInput: Buffer | undefined;

/** A password or passphrase, from wherever the operator keeps it. Never from an argument or the environment: both can be read by others. */
export async function readSecret(source: SecretSource, question: string): Promise<string> {
  return (await readPin(source, question)).toString('utf8');
}

/** The same for a PIN, which is no text here: bytes are wiped by whoever they are given to. */
export async function readPin({ file, option, tryOut }: SecretSource, question: string): Promise<Buffer> {
  if (file === '-') return Buffer.from(secretIn((standardInput ??= contentOf(0, 'standard input'))));
  if (file !== undefined) return secretIn(contentOf(file, file));
  if (tryOut) return Buffer.from(tryOutPin);
  if (!process.stdin.isTTY) throw new Failure('INVALID_INPUT', { field: option, problem: 'there is no terminal to ask for it on' });
  // Nothing that is typed after the question may be shown.
  const line = typedLine(process.stdin);
  process.stderr.write(`${question}: `);
  const typed = await line;
  process.stderr.write('\n');
  return typed;
}

function contentOf(file: string | 0, name: string): Buffer {
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw fileFailure(name, 'read', thrown);
  }
}

/** Editors end a file with a line end, some begin it with a byte order mark. */
function secretIn(content: Buffer): Buffer {
  const start = content.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? 3 : 0;
  const end = content.length - (content.at(-1) !== 0x0a ? 0 : content.at(-2) === 0x0d ? 2 : 1);
  return content.subarray(start, Math.max(start, end));
}
