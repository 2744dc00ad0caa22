import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findDisplay } from '../../../scripts/setup/display.mjs';

const folder = mkdtempSync(join(tmpdir(), 'birthmark-display-'));
const cookies = join(folder, 'cookies');
const otherCookies = join(folder, 'other-cookies');
const noCookies = join(folder, 'no-cookies');

/** One entry of an .Xauthority file, for every display. */
function cookieFile(): Buffer {
  const field = (bytes: Buffer | string): Buffer => Buffer.concat([Buffer.from([0, bytes.length]), Buffer.from(bytes)]);
  return Buffer.concat([Buffer.from([0xff, 0xff]), field(''), field(''), field('MIT-MAGIC-COOKIE-1'), field(randomBytes(16))]);
}

let display = '';
let stop = async (): Promise<void> => undefined;

beforeAll(async () => {
  writeFileSync(cookies, cookieFile());
  writeFileSync(otherCookies, cookieFile());
  const args = ['-displayfd', '1', '-nolisten', 'tcp', '-auth', cookies, '-screen', '0', '320x200x24'];
  const server = spawn('Xvfb', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(server, 'exit');
  stop = async () => {
    server.kill();
    await exited;
  };
  const [number] = (await once(server.stdout, 'data')) as [Buffer];
  display = `:${number.toString().trim()}`;
});

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

test('a display whose cookie this user has is taken', async () => {
  expect(await findDisplay({ DISPLAY: display, XAUTHORITY: cookies })).toEqual({ args: [] });
  expect(await findDisplay({ DISPLAY: `unix${display}.0`, XAUTHORITY: cookies })).toEqual({ args: [] });
});

test('a display that lets nobody in without its cookie is none, and that is the reason given', async () => {
  for (const file of [otherCookies, noCookies]) {
    expect(await findDisplay({ DISPLAY: display, XAUTHORITY: file })).toEqual({
      none: `The display ${display} lets no programs of this user in`,
    });
  }
});

test('no display, and one that does not answer, are told apart', async () => {
  expect(await findDisplay({})).toEqual({ none: 'There is no display here to open a window on' });
  expect(await findDisplay({ DISPLAY: ':9876', WAYLAND_DISPLAY: '/nowhere/wayland-0' })).toEqual({
    none: 'Nothing answers at the display :9876 and /nowhere/wayland-0',
  });
});

test('a Wayland display is taken where no X server lets this user in, and Electron is told to use it', async () => {
  const path = join(folder, 'wayland-0');
  const server = createServer();
  await new Promise<void>((done) => server.listen(path, done));
  const wayland = { args: ['--ozone-platform=wayland'] };
  expect(await findDisplay({ WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder })).toEqual(wayland);
  expect(await findDisplay({ WAYLAND_DISPLAY: path, DISPLAY: display, XAUTHORITY: noCookies })).toEqual(wayland);
  server.close();
});
