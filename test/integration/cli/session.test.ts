import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { birthmark, commandLine, jsonOf } from '../../support/birthmark.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-session-'));
const data = join(dir, 'station');

beforeAll(async () => {
  await birthmark(['demo', '--units', '1', '--data', data]);
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('birthmark sessions hold keeps the station up for revocation lists until it is told to stop, and the log says who, why and how it ended', async () => {
  const child = spawn(
    process.execPath,
    [commandLine, 'sessions', 'hold', '--data', data, '--minutes', '44640', '--reason', 'the holidays'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  const exit = new Promise<number | null>((ended) => child.once('close', (code) => ended(code)));
  await expect.poll(() => told).toContain('44640 minutes left');
  expect(jsonOf(await birthmark(['status', '--data', data, '--json']))).toMatchObject({ session: { kind: 'crl-only' } });
  child.kill('SIGTERM');
  expect(await exit).toBe(143);
  expect(jsonOf(await birthmark(['status', '--data', data, '--json']))).toMatchObject({ session: null });
});

it.each([
  ['--minutes', '44641'],
  ['--minutes', '0'],
  ['--idle-minutes', 'soon'],
])('birthmark sessions hold %s %s is refused before anything is started', async (option, value) => {
  const result = await birthmark(['sessions', 'hold', '--data', data, option, value, '--json']);
  expect([result.code, jsonOf(result)]).toMatchObject([2, { error: { code: 'INVALID_INPUT', params: { field: option } } }]);
});
