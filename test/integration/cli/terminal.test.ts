import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { birthmark, commandLine, jsonOf } from '../../support/birthmark.ts';
import { makeSoftHsmToken } from '../../support/token-made.ts';
import { makeTokenFolder, softhsmPath } from '../../support/token.ts';

const onTerminal = (env: Record<string, string>): string => {
  const spawn = 'import pty, sys; pty.spawn(sys.argv[1:])';
  const words = [process.execPath, commandLine, 'demo', '--fault', 'list'];
  const { PATH = '' } = process.env;
  return spawnSync('python3', ['-c', spawn, ...words], {
    encoding: 'utf8',
    env: { PATH, TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).stdout;
};

test('colours are for terminals, and not where NO_COLOR is set', async () => {
  const [coloured, plain, piped] = [onTerminal({}), onTerminal({ NO_COLOR: '1' }), (await birthmark(['demo', '--fault', 'list'])).stdout];
  expect(coloured).toContain('\u001B[1mFAULT');
  expect(plain.replaceAll('\r\n', '\n')).toBe(piped);
  expect(piped).toMatch(/^FAULT +ENDS +WHAT HAPPENS\n/u);
});

/** Types when it is asked for a PIN; what the terminal showed, and the exit code. */
const typist = `
import os, pty, re, sys
keys = sys.argv[1].encode().decode('unicode_escape').encode('latin1')
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b'', False
while True:
  try: chunk = os.read(fd, 4096)
  except OSError: break
  shown += chunk
  if not typed and re.search(rb'PIN of [^\\n]*: $', shown): typed = os.write(fd, keys) > 0
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('a PIN that is typed is not shown, and can be corrected while it is', async () => {
  const folder = makeTokenFolder();
  try {
    makeSoftHsmToken(folder.module.env?.['SOFTHSM2_CONF'] ?? '', 'Typed', '48291ü');
    const data = join(folder.dir, 'data');
    const words = [process.execPath, commandLine, 'init', '--data', data, '--module', softhsmPath(), '--token', 'Typed'];
    const asks = (keys: string): { status: number | null; stdout: string } =>
      spawnSync('python3', ['-c', typist, keys, ...words], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...folder.module.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const cancelled = asks('\\x04');
    expect(cancelled.stdout).toContain('CANCELLED');
    expect(cancelled.status).not.toBe(0);
    // Another try from its beginning; two characters taken back, the first of two bytes.
    const done = asks('999\\x1548291\\xc3\\xa4x\\x7f\\x7f\\xc3\\xbc\\r');
    expect(done.status, done.stdout).toBe(0);
    expect(done.stdout).not.toMatch(/48291|999/u);
    expect(jsonOf(await birthmark(['status', '--data', data, '--json']))).toMatchObject({ phase: 'ready' });
  } finally {
    folder.remove();
  }
});
