import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { credentialFile } from '../../../src-main/cli/credential.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { Served } from '../../support/serve.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-command-line-'));
const [data, pin, password, wrong, key] = ['station', 'pin', 'password', 'wrong', 'line-2.key'].map((name) => join(dir, name)) as [
  string,
  string,
  string,
  string,
  string,
];
let served: Served;
const run = async (...words: string[]): Promise<Record<string, unknown>> => jsonOf(await birthmark([...words, '--data', data, '--json']));

beforeAll(async () => {
  for (const [path, text] of [
    [pin, '12345678'],
    [password, 'correct horse'],
    [wrong, 'wrong horse'],
  ] as const)
    writeFileSync(path, text, { mode: 0o600 });
  expect(await run('init', '--officer', 'Ada', '--password-file', password, '--pin-file', pin)).toMatchObject({ verdict: 'PASS' });
  served = await Served.start(data, ['--no-line']);
});
afterAll(async () => {
  await served.end();
  rmSync(dir, { recursive: true, force: true });
});

test('whoever set the station up is signed in; after a sign-out nobody is', async () => {
  expect(await run('status')).toMatchObject({ operator: { name: 'Ada', role: 'officer' } });
  expect(statSync(credentialFile(data)).mode & 0o777).toBe(0o600);
  expect(await run('sign-out')).toMatchObject({ verdict: 'PASS' });
  expect(await run('status')).toMatchObject({ operator: null });
  expect(await run('certificates', 'list')).toMatchObject({ error: { code: 'SIGN_IN_FIRST', params: { call: 'certificates.list' } } });
});

test('a sign-in needs the password of an operator of this station', async () => {
  expect(await run('sign-in', 'Ada', '--password-file', wrong)).toMatchObject({ error: { code: 'SIGN_IN_FAILED' } });
  expect(await run('sign-in', 'Eve', '--password-file', password)).toMatchObject({ error: { code: 'NOT_FOUND' } });
  expect(await run('sign-in', 'Ada', '--password-file', password)).toMatchObject({ operator: { name: 'Ada' } });
  expect(await run('certificates', 'list')).toMatchObject({ verdict: 'PASS' });
});

test('an access key has its role and no more, until it is withdrawn; who was refused is in the audit log', async () => {
  expect(await run('access-keys', 'add', 'line-2', '--role', 'technician', '--out', key)).toMatchObject({ role: 'technician' });
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(await run('access-keys', 'add', 'line-3', '--role', 'technician', '--out', key)).toMatchObject({ error: { code: 'FILE_EXISTS' } });
  expect(await run('sign-out')).toMatchObject({ verdict: 'PASS' });
  expect(await run('status', '--key-file', key)).toMatchObject({ operator: { name: 'line-2', role: 'technician' } });
  expect(await run('operators', 'add', 'Eve', '--key-file', key)).toMatchObject({ error: { code: 'NOT_ALLOWED' } });
  await run('sign-in', 'Ada', '--password-file', password);
  expect(await run('access-keys', 'withdraw', 'line-2')).toMatchObject({ verdict: 'PASS' });
  expect(await run('orders', 'list', '--key-file', key)).toMatchObject({ error: { code: 'SIGN_IN_FIRST' } });
  const db = new Database(join(data, 'station.db'), { readonly: true });
  const refused = db.prepare("SELECT actor, subject FROM audit WHERE action = 'call.refused' ORDER BY rowid").all();
  db.close();
  expect(refused).toEqual([
    { actor: 'nobody', subject: 'certificates.list' },
    { actor: 'line-2', subject: 'operators.add' },
    { actor: 'nobody', subject: 'orders.list' },
  ]);
  expect(readFileSync(join(data, 'station.db')).includes(readFileSync(key, 'utf8').trim())).toBe(false);
});
