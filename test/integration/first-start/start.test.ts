import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'birthmark-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout with its packages and its compiled parts, and no bundle of this project's own. */
function checkout(): string {
  const root = join(folder, 'checkout');
  mkdirSync(join(root, 'build'), { recursive: true });
  for (const name of [
    'package.json',
    'package-lock.json',
    'scripts',
    'src-main',
    'resources',
    'native',
    'tsconfig.json',
    'tsconfig.base.json',
  ])
    cpSync(name, join(root, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  for (const name of readdirSync('build').filter((one) => one !== 'cache'))
    cpSync(join('build', name), join(root, 'build', name), { recursive: true });
  return root;
}

test('npm start without a display, with nothing bundled yet, ends in the main job', () => {
  const root = checkout();
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'start.mjs')], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/PASS: 8 of 8 units passed/u);
  expect(stderr).toContain('xvfb-run -a npm start');
});
