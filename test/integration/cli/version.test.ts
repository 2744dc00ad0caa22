import { execFileSync } from 'node:child_process';
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

test('--version is that of package.json, and loads nothing but what says it', () => {
  const env = { ...process.env, NODE_V8_COVERAGE: dir };
  const stdout = execFileSync(process.execPath, ['src-main/cli/main.ts', '--version'], { encoding: 'utf8', env });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(stdout).toBe(`birthmark ${version}\n`);
  const loaded = readdirSync(dir)
    .flatMap((name) => (JSON.parse(readFileSync(join(dir, name), 'utf8')) as Coverage).result)
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => relative('.', fileURLToPath(url)));
  expect(loaded.sort()).toEqual(['src-main/cli/early-readers.ts', 'src-main/cli/main.ts', 'src-main/contract/version.ts']);
});
