import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCrl } from '../../../src-main/station/ca/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-full-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});
const path = join(dir, 'one.crl');

/** The kernel refuses every byte of a file beyond this one (EFBIG), as a full disk does. */
const write = (bytes: number | null): string => {
  const child = [process.execPath, resolve('test/support/crl-child.ts'), path, '40000'];
  const args = bytes === null ? child : ['prlimit', `--fsize=${String(bytes)}`, ...child];
  const { stdout, stderr } = spawnSync('sh', ['-c', `trap '' XFSZ; exec "$@"`, 'sh', ...args], { encoding: 'utf8' });
  return stdout + stderr;
};

test('whatever byte the disk is full at, the old list stands whole under its name, and nothing beside it', () => {
  expect(write(null)).toBe('ready\n');
  const size = readFileSync(path).length;
  writeFileSync(path, 'the old list');
  // In the entries that are put aside first, and in the list itself: its entries, its extensions, its signature.
  for (const bytes of [1_500_000, size - 400, size - 120, size - 20]) {
    expect(write(bytes)).toContain('DISK_FULL');
    expect(readFileSync(path, 'utf8')).toBe('the old list');
    expect([`${path}.new`, `${path}.entries`].filter(existsSync)).toEqual([]);
  }
  expect(write(null)).toBe('ready\n');
  expect(readCrl(path).number).toBe(2);
});
