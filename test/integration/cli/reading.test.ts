import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { birthmark } from '../../support/birthmark.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-reading-'));
const data = join(dir, 'station');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** All that a station has written down: each table's rows, and every file that is not the broker's working copy, a process number or the log, which says who looked. */
function contents(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || ['broker', 'log'].some((name) => path.startsWith(join(data, name))) || /station\.(db.*|pid|lock)$/u.test(path))
      continue;
    found[path] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  const db = new Database(join(data, 'station.db'), { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  for (const table of tables) found[`table ${table}`] = JSON.stringify(db.prepare(`SELECT * FROM "${table}"`).all());
  db.close();
  return found;
}

test('who only looks needs no PIN and changes nothing', async () => {
  // After the demo one unit has passed and one is revoked; nobody is asked for a PIN, and none could be answered: no terminal, no file.
  expect((await birthmark(['demo', '--units', '2', '--parallel', '2', '--data', data])).code).toBe(0);
  const before = contents();
  expect(Object.keys(before).length).toBeGreaterThan(10);
  for (const args of [
    ['status'],
    ['devices', 'list'],
    ['certificates', 'list'],
    ['crl', 'list'],
    ['verify', '--broker'],
    ['doctor'],
    ['certificates', 'export', '--out', join(dir, 'out')],
  ]) {
    const { code, stderr } = await birthmark([...args, '--data', data, '--json']);
    expect({ args, code }, stderr).toEqual({ args, code: 0 });
    expect(contents(), args.join(' ')).toEqual(before);
  }
});
