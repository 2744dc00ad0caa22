import { createHash, randomInt } from 'node:crypto';
import { Failure } from '../../../contract/index.ts';
import { pemBytes } from '../../../der/index.ts';
import { certificateFile, chainOf } from '../certificate-file.ts';
import type { Credentials } from '../driver.ts';
import type { MicroPythonProfile } from './profile.ts';
import { errorOf, type RawRepl } from './raw-repl.ts';

/** Bytes of a file in one piece of code: twice as many characters, which boards with little memory still compile. */
const CHUNK_BYTES = 128;
/** The same where the board takes only little at once. */
const SMALL_CHUNK_BYTES = 24;
/**
 * What the rest calls, each piece short enough for a board with a heap of a few kilobytes. Old ports lack `bytes.fromhex`, `hashlib` or `machine.unique_id`.
 * H: from hex, X: to hex, S: SHA-256 or None, I: identity, D: digest of a file, R: remove a file.
 */
const PRELUDE = [
  `
def X(b): return ''.join(['%02x' % c for c in b])
def H(s): return bytes([int(s[i:i+2], 16) for i in range(0, len(s), 2)])
try: H = bytes.fromhex
except AttributeError: pass
`,
  `
S = None
try:
 import hashlib
 S = hashlib.sha256
except (ImportError, AttributeError):
 try:
  import uhashlib
  S = uhashlib.sha256
 except (ImportError, AttributeError): pass
`,
  `
import sys
try: import os
except ImportError: import uos as os
def I():
 try:
  import machine
  print(X(machine.unique_id()))
 except (ImportError, AttributeError): print('')
 try: print(os.uname()[4])
 except (AttributeError, IndexError): print(sys.platform)
 print(sys.implementation[0], '.'.join([str(n) for n in sys.implementation[1][:3]]))
`,
  `
def D(p):
 try: f = open(p, 'rb')
 except OSError: return print('none')
 n = 0
 s = S() if S else None
 while True:
  b = f.read(64)
  if not b: break
  n += len(b)
  if s: s.update(b)
  else: print(X(b))
 f.close()
 if s: print(n, X(s.digest()))
 else: print('content')
`,
  `
def R(p):
 try: os.remove(p)
 except OSError: pass
`,
];
/** Code leaves holes in a small heap. */
const TIDY = 'import gc;gc.collect()';

export interface BoardFile {
  readonly item: 'key' | 'cert' | 'ca' | 'broker';
  readonly path: string;
  readonly bytes: Buffer;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The files of a profile; the one with the key is zeroed by whoever asked for it. */
export function boardFiles(profile: MicroPythonProfile, credentials: Credentials): BoardFile[] {
  const { format, name } = profile;
  const key = credentials.privateKey ?? new Uint8Array();
  const content: Record<BoardFile['item'], Buffer> = {
    cert: certificateFile(name, 'certificate', chainOf(credentials.certificateChain, profile), format),
    ca: certificateFile(name, 'trust anchors', credentials.trustAnchors, format),
    broker: Buffer.from(JSON.stringify(credentials.broker)),
    key: format === 'pem' ? pemBytes('PRIVATE KEY', key) : Buffer.from(key),
  };
  return pathsOf(profile).map(({ item, path }) => ({ item, path, bytes: content[item] }));
}

export function pathsOf({ folder, format }: Pick<MicroPythonProfile, 'folder' | 'format'>): { item: BoardFile['item']; path: string }[] {
  const named = (item: BoardFile['item'], ending: string) => ({ item, path: `${folder === '' ? '' : `${folder}/`}${item}.${ending}` });
  return [named('key', format), named('cert', format), named('ca', format), named('broker', 'json')];
}

/** Names the functions that the rest uses; once after each entering. @throws Failure WRONG_PROTOCOL when no interpreter answers. */
export async function prepare(repl: RawRepl, signal: AbortSignal): Promise<void> {
  for (const code of PRELUDE) {
    await ask(repl, 'prepare', TIDY, signal);
    await ask(repl, 'prepare', code, signal);
  }
  await ask(repl, 'prepare', TIDY, signal);
  // What only prints may by chance look like an interpreter that answers.
  const number = randomInt(2 ** 24);
  const told = await ask(repl, 'prepare', `print(${String(number)}+1)`, signal);
  if (told.trim() !== String(number + 1)) throw new Failure('WRONG_PROTOCOL', { path: repl.path }, 'what answers does not execute code');
}

export async function readIdentity(repl: RawRepl, signal: AbortSignal): Promise<{ hardwareId: string; model: string; firmware: string }> {
  const [hardwareId = '', model = '', firmware = ''] = (await ask(repl, 'identify', 'I()', signal)).split(/\r?\n/u);
  if (!/^[0-9a-f]{2,64}$/u.test(hardwareId))
    throw new Failure('UNVERIFIABLE', { item: 'its identity' }, 'the board has no machine.unique_id()');
  return { hardwareId: hardwareId.toUpperCase(), model: model.slice(0, 64), firmware: firmware.slice(0, 64) };
}

/** SHA-256 and length of a file as it is stored; null: it is not there. Without hashlib its content is read out. */
export async function storedDigest(repl: RawRepl, path: string, signal: AbortSignal): Promise<{ bytes: number; digest: string } | null> {
  const lines = (await ask(repl, `digest ${path}`, `D('${path}')`, signal)).trim().split(/\r?\n/u);
  if (lines.at(-1) === 'none') return null;
  if (lines.at(-1) === 'content') {
    const content = Buffer.from(lines.slice(0, -1).join(''), 'hex');
    return { bytes: content.length, digest: sha256(content) };
  }
  const [, bytes, digest] = /^(\d{1,9}) ([0-9a-f]{64})$/u.exec(lines.at(-1) ?? '') ?? [];
  if (bytes === undefined || digest === undefined)
    throw new Failure('UNVERIFIABLE', { item: path }, 'what the board tells of it is no digest');
  return { bytes: Number(bytes), digest };
}

export async function writeFile(repl: RawRepl, file: BoardFile, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  await ask(repl, `open ${file.path}`, `f = open('${file.path}', 'wb')\n`, signal, file.item);
  const chunk = repl.takesLittle ? SMALL_CHUNK_BYTES : CHUNK_BYTES;
  for (let at = 0; at < file.bytes.length; at += chunk) {
    const part = file.bytes.subarray(at, at + chunk);
    const code = Buffer.concat([Buffer.from("n=f.write(H('"), hexBytes(part), Buffer.from("'))")]);
    await ask(repl, `write ${file.path}`, code, signal, file.item).finally(() => code.fill(0));
    onBytes(part.length);
  }
  await ask(repl, `close ${file.path}`, 'f.close()\n', signal, file.item);
}

export async function removeFile(repl: RawRepl, path: string, signal: AbortSignal): Promise<void> {
  await ask(repl, `remove ${path}`, `R('${path}')`, signal);
}

/** Hex digits without a string in between: what holds a key can be zeroed. */
function hexBytes(bytes: Uint8Array): Buffer {
  const digits = '0123456789abcdef';
  const text = Buffer.alloc(bytes.length * 2);
  bytes.forEach((byte, i) => {
    text[i * 2] = digits.charCodeAt(byte >> 4);
    text[i * 2 + 1] = digits.charCodeAt(byte & 15);
  });
  return text;
}

/** @throws Failure STORAGE_FULL, DEVICE_REFUSED with the board's own error. */
async function ask(repl: RawRepl, about: string, code: string | Buffer, signal: AbortSignal, item = about): Promise<string> {
  const { text, traceback } = await repl.run(typeof code === 'string' ? Buffer.from(code) : code, about, signal);
  if (traceback === '') return text;
  const error = errorOf(traceback);
  const errno = Number(/OSError: (?:\[Errno )?(\d+)/u.exec(error)?.[1] ?? 0);
  if (errno === 28) throw new Failure('STORAGE_FULL', { item }, error);
  throw new Failure('DEVICE_REFUSED', { command: about, error });
}
