import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database, { type Database as Db } from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

/** Somebody edits the database of a station that does not run: `birthmark doctor` says what does not fit. */
let station: TestStation;
let serial: string;
const at = (...parts: string[]): string => join(station.dataDir, ...parts);

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  const { device } = await station.run(1);
  const [certificate] = (await station.call('certificates.list', { search: unwrap(device, 'it passed') })).rows;
  serial = unwrap(certificate, 'it has one').serial;
  const effective = station.waitFor('revocation.changed', (view) => view.serial === serial && view.state === 'EFFECTIVE');
  await station.call('revocations.revoke', { selector: { serial }, reason: 'keyCompromise' });
  await effective;
  await station.call('operators.add', { name: 'Kim', role: 'technician', password: 'a good password' });
  expect(await station.problems()).toEqual([]);
  await station.stop();
  const db = new Database(at('station.db'));
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  copyFileSync(at('station.db'), at('as-it-was.db'));
  cpSync(at('crl'), at('crl-as-it-was'), { recursive: true });
});
afterEach(() => {
  for (const end of ['-wal', '-shm']) rmSync(at(`station.db${end}`), { force: true });
  copyFileSync(at('as-it-was.db'), at('station.db'));
  rmSync(at('crl'), { recursive: true, force: true });
  cpSync(at('crl-as-it-was'), at('crl'), { recursive: true });
});
afterAll(() => station.dispose());

/** As somebody does who knows the schema: the triggers are as before when it is done. */
function edit(work: (db: Db) => void): void {
  const db = new Database(at('station.db'));
  const triggers = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as { name: string; sql: string }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`);
  db.pragma('foreign_keys = OFF');
  work(db);
  for (const { sql } of triggers) db.exec(sql);
  db.close();
}
function unrevoke(): void {
  edit((db) => {
    db.prepare('DELETE FROM revocations WHERE serial = ?').run(serial);
    db.prepare(`UPDATE certificates SET status = 'ACTIVE' WHERE serial = ?`).run(serial);
  });
}
async function found(): Promise<string[]> {
  const told = await birthmark(['doctor', '--data', station.dataDir, '--json']);
  const { findings } = jsonOf(told) as { findings: readonly { problems: readonly string[] }[] };
  expect(told.code, told.stderr).toBe(1);
  return findings.flatMap(({ problems }) => problems);
}

test('a revocation that is gone from the registry is in the list and in the signer’s memory', async () => {
  unrevoke();
  const problems = await found();
  expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^serial ${serial} is revoked in list \\d+ of device-`, 'u')));
  expect(problems).toContainEqual(expect.stringContaining('as the signer remembers it'));
});

test('with the list gone as well, the signer remembers it', async () => {
  unrevoke();
  rmSync(at('crl'), { recursive: true });
  expect(await found()).toContainEqual(
    expect.stringMatching(new RegExp(`serial ${serial} is revoked in .* as the signer remembers it`, 'u')),
  );
});

test.each([
  ['a trigger that is gone', 'DROP TRIGGER audit_kept', 'the trigger audit_kept is gone'],
  [
    'a trigger that does nothing',
    `DROP TRIGGER audit_kept; CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT 1; END`,
    'the trigger audit_kept was changed',
  ],
  [
    'a trigger of somebody else',
    `CREATE TRIGGER other AFTER INSERT ON audit BEGIN SELECT 1; END`,
    'the trigger other is not of this version',
  ],
  ['an officer whom nobody added', `INSERT INTO operators (name, role) VALUES ('Mallory', 'officer')`, 'does not say who added Mallory'],
  [
    'a technician who became an officer',
    `UPDATE operators SET role = 'officer' WHERE name = 'Kim'`,
    'Kim is officer, and was added as technician',
  ],
])('%s', async (_, sql, problem) => {
  const db = new Database(at('station.db'));
  db.exec(sql);
  db.close();
  expect(await found()).toContainEqual(expect.stringContaining(problem));
});
