import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { App } from './support/app.ts';
import { tryOut } from './support/screen.ts';
import { expect, test } from './support/test.ts';

const node = process.env['BIRTHMARK_NODE'] ?? 'node';
const cli = 'out/cli/birthmark.mjs';

/** What a command prints with --json. */
async function birthmark(dataDir: string, ...words: string[]): Promise<{ verdict: string; result: Record<string, unknown> | null }> {
  const ended = promisify(execFile)(node, [cli, ...words, '--data', dataDir, '--json']);
  // A command that ends with another exit code has printed its JSON as well.
  const { stdout } = await ended.catch((thrown: unknown) => thrown as { readonly stdout: string });
  return JSON.parse(stdout) as { verdict: string; result: Record<string, unknown> | null };
}

test.setTimeout(300_000);

test('with the window open and sixteen slots running, commands work from a terminal', async ({ app, dataDir }) => {
  await tryOut(app, 16);
  for (let slot = 1; slot <= 16; slot++) await app.call('bench.plug', { slot });
  const plain = [['status'], ['doctor'], ['certificates', 'list'], ['operators', 'list'], ['verify']];
  for (const words of plain) expect([words, (await birthmark(dataDir, ...words)).verdict]).toEqual([words, 'PASS']);
  const listed = await birthmark(dataDir, 'certificates', 'list', '--status', 'ACTIVE', '--search', 'acme/');
  const [row] = listed.result?.['rows'] as { device: string }[];
  const device = row?.device ?? '';
  expect(await birthmark(dataDir, 'certificates', 'revoke', '--device', device, '--reason', 'keyCompromise')).toMatchObject({
    verdict: 'PASS',
  });
  expect(await birthmark(dataDir, 'why', device)).toMatchObject({ verdict: 'FAIL', error: { code: 'CERTIFICATE_REVOKED' } });
  // The window shows the same station.
  await app.page.keyboard.press('F4');
  await expect(app.page.getByRole('row', { name: device }).first()).toContainText(/revoked/iu);
});

test('the window beside “serve” shows the same station, and runs it when “serve” is killed', async ({ dataDir }) => {
  const first = await App.launch(dataDir);
  await tryOut(first, 1);
  await first.close();
  const serve = spawn(node, [cli, 'serve', '--data', dataDir, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(serve.stdout, 'data');
  const app = await App.launch(dataDir);
  try {
    await app.call('operators.signIn', { name: 'Officer' });
    expect(await app.log()).toContain(`joined the station that process ${String(serve.pid)} runs`);
    expect((await birthmark(dataDir, 'status')).verdict).toBe('PASS');
    serve.kill('SIGKILL');
    await expect(app.page.getByText('A background service stopped and was started again.')).toBeVisible({ timeout: 30_000 });
    const status = await app.call('station.status', {});
    expect([status.phase, status.operator?.name]).toEqual(['ready', 'Officer']);
  } finally {
    await app.close();
  }
});
