import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-version-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** What a command line says, and which of our files it loads for that. */
function run(...args: string[]): { readonly stdout: string; readonly loaded: readonly string[] } {
  const coverage = mkdtempSync(join(dir, 'run-'));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  const { stdout } = spawnSync(process.execPath, ['src-main/cli/main.ts', ...args], { encoding: 'utf8', env });
  const loaded = readdirSync(coverage)
    .flatMap((name) => (JSON.parse(readFileSync(join(coverage, name), 'utf8')) as Coverage).result)
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => relative('.', fileURLToPath(url)));
  return { stdout, loaded: loaded.sort() };
}

test('--version is that of package.json, and loads nothing but what says it', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const { stdout, loaded } = run('--version');
  expect(stdout).toBe(`birthmark ${version}\n`);
  expect(loaded).toEqual(['src-main/cli/early-readers.ts', 'src-main/cli/main.ts', 'src-main/contract/version.ts']);
});

test('a command that asks the station loads neither its code nor another command’s', () => {
  const { stdout, loaded } = run('status', '--json', '--data', join(dir, 'nowhere'));
  expect(stdout).toContain('NOT_SET_UP');
  expect(loaded).toContain('src-main/cli/commands/status.ts');
  expect(loaded.filter((path) => /^src-main\/(?:station|signer|desktop)\/|cli\/commands\//u.test(path))).toEqual([
    'src-main/cli/commands/status.ts',
  ]);
});
