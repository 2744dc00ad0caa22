import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { birthmark, commandLine } from '../../support/birthmark.ts';

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
