import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calls, roles, tryOutPin, type CallName } from '../../../src-main/contract/index.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
const password = 'correct horse';

beforeAll(async () => {
  station = new TestStation({ face: 'window', line: 'watch' });
  station.on('pin.wanted', ({ requestId }) => void station.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) }));
  await station.call('station.init', { name: 'Line 1', module: null, tokenLabel: 'HSM', slots: [], officer: 'Ada', password });
});
afterAll(() => station.dispose());

const code = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (thrown: unknown) => (thrown as { code?: string }).code,
  );

test('nobody may do nothing but look and sign in; a wrong password or name says the same', async () => {
  expect((await station.call('station.status', {})).operator).toBeNull();
  expect(await station.call('operators.list', {})).toEqual([{ name: 'Ada', role: 'officer', passwordSet: true }]);
  for (const wrong of [
    { name: 'Ada', password: 'wrong horse' },
    { name: 'Ada' },
    { name: 'Bob', password },
    { name: '', password: '' },
    { name: 'Ada', password: 'x'.repeat(128) },
  ]) {
    expect(await code(station.call('operators.signIn', wrong))).toBe('SIGN_IN_FAILED');
  }
  expect(await code(station.call('operators.signIn', { name: 'Ada', password: 'x'.repeat(129) }))).toBe('INVALID_INPUT');
  expect(await code(station.call('sessions.request', { reason: 'test' }))).toBe('SIGN_IN_FIRST');
});

test('who signed in has the rights of the role until signing out, also over a crash of the service', async () => {
  expect(await station.call('operators.signIn', { name: 'Ada', password })).toMatchObject({ operator: { role: 'officer' } });
  await station.openSession();
  await station.kill('station');
  expect((await station.call('station.status', {})).operator).toMatchObject({ name: 'Ada' });
  await station.call('sessions.close', {});
  await station.call('operators.signOut', {});
  expect(await code(station.call('sessions.request', { reason: 'test' }))).toBe('SIGN_IN_FIRST');
});

test('an officer lets a technician work here, who then has no more rights than that', async () => {
  await station.call('operators.signIn', { name: 'Ada', password });
  expect(await station.call('operators.add', { name: 'Kim', role: 'technician', password: 'battery staple' })).toEqual({
    name: 'Kim',
    role: 'technician',
    passwordSet: true,
  });
  expect(await code(station.call('operators.add', { name: 'Kim', role: 'officer' }))).toBe('INVALID_INPUT');
  expect(await station.call('operators.signIn', { name: 'Kim', password: 'battery staple' })).toMatchObject({
    operator: { role: 'technician' },
  });
  expect(await code(station.call('operators.add', { name: 'Eve', role: 'officer' }))).toBe('NOT_ALLOWED');
});

test('a PIN request belongs to who asked: a technician may not answer it, another officer neither, and the audit log says who tried', async () => {
  await station.call('operators.signIn', { name: 'Ada', password });
  await station.call('operators.add', { name: 'Bea', role: 'officer', password: 'third password' });
  const { requestId } = await station.call('sessions.request', { reason: 'test' });
  await station.call('operators.signIn', { name: 'Kim', password: 'battery staple' });
  expect(await code(station.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) }))).toBe('NOT_ALLOWED');
  expect(await code(station.call('pin.cancel', { requestId }))).toBe('NOT_ALLOWED');
  await station.call('operators.signIn', { name: 'Bea', password: 'third password' });
  expect(await code(station.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) }))).toBe('PIN_REQUEST_UNKNOWN');
  await station.call('operators.signOut', {});
  expect(await code(station.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) }))).toBe('SIGN_IN_FIRST');
  await station.call('operators.signIn', { name: 'Ada', password });
  expect(await station.call('pin.enter', { requestId, pin: Buffer.from(tryOutPin) })).toMatchObject({ session: { operator: 'Ada' } });
  await station.call('sessions.close', {});
  const db = new Database(join(station.dataDir, 'station.db'), { readonly: true });
  const refused = db.prepare("SELECT actor, subject FROM audit WHERE action = 'call.refused' AND subject LIKE 'pin.%'").all();
  db.close();
  expect(refused).toEqual([
    { actor: 'Kim', subject: 'pin.enter' },
    { actor: 'Kim', subject: 'pin.cancel' },
    { actor: 'nobody', subject: 'pin.enter' },
  ]);
});

test('the password is in no file of the station', async () => {
  await station.call('operators.signIn', { name: 'Ada', password });
  expect(spawnSync('grep', ['-raF', password, station.dataDir], { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' });
});

test('every call of every role on the running service is as the table says: refused, or let through to the station', async () => {
  const trial = await TestStation.tryOut(1, { face: 'window', line: 'watch' });
  const names = (Object.keys(calls) as CallName[]).filter((name) => calls[name].service === 'station');
  // These would end the sign-in, the set-up or the broker under test; what they refuse is asked all the same.
  const changing = new Set<CallName>(['operators.signOut', 'operators.signIn']);
  let asked = 0;
  for (const caller of ['nobody', ...roles] as const) {
    if (caller !== 'nobody') await trial.call('operators.signIn', { name: caller.charAt(0).toUpperCase() + caller.slice(1) });
    for (const name of names.filter((one) => !changing.has(one))) {
      const allowed = calls[name].roles.includes(caller);
      // An input that no schema accepts: who may call gets as far as being told so.
      const answer = await code((trial.call as (name: string, input: unknown) => Promise<unknown>)(name, { '': '' }));
      expect(`${caller} ${name} ${String(answer)}`).toBe(
        `${caller} ${name} ${allowed ? 'INVALID_INPUT' : caller === 'nobody' ? 'SIGN_IN_FIRST' : 'NOT_ALLOWED'}`,
      );
      asked++;
    }
  }
  expect(asked).toBe((names.length - changing.size) * 4);
  await trial.dispose();
});
