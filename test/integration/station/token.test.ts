import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeEach(async () => {
  station = await TestStation.tryOut(1);
});
afterEach(() => station.dispose());

const code = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (thrown: unknown) => (thrown as { code?: string }).code,
  );
const tokens = (): string => join(station.dataDir, 'token', 'tokens');

test('the token is pulled and comes back: named everywhere, and after the PIN units run again, without a restart', async () => {
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  await station.unplug(1);
  const absent = station.waitFor('status.changed', ({ token, session }) => token.state === 'absent' && session === null);
  renameSync(tokens(), `${tokens()}-away`);
  const { preconditions } = await absent;
  expect(preconditions).toMatchObject([{ level: 'error', failure: { code: 'TOKEN_ABSENT', params: { label: 'Birthmark try-out' } } }]);
  // The unit waits and says why; nothing was begun with it.
  const waits = station.waitFor('slot.changed', ({ failure }) => failure?.code === 'TOKEN_ABSENT');
  await station.call('bench.plug', { slot: 1 });
  expect(await waits).toMatchObject({ state: 'READY', run: null });
  expect(await code(station.openSession())).toBe('TOKEN_ABSENT');
  const back = station.waitFor('status.changed', ({ token }) => token.state === 'locked');
  renameSync(`${tokens()}-away`, tokens());
  await back;
  const pids = [station.pid('station'), station.pid('signer')];
  await station.openSession();
  expect(await station.slotIs(1, 'PASS')).toMatchObject({ failure: null });
  expect([station.pid('station'), station.pid('signer')]).toEqual(pids);
  expect(await station.problems()).toEqual([]);
});

test('the token is pulled during a run: the unit fails as TOKEN_ABSENT, its serial number is revoked, and it passes later', async () => {
  const off = station.on('slot.changed', ({ step }) => {
    if (step !== 'key') return;
    off();
    renameSync(tokens(), `${tokens()}-away`);
  });
  const end = await station.run(1);
  // The session may have ended a moment before the token was asked.
  expect(end.state).toBe('FAIL');
  expect(end.failure?.code).toMatch(/^(TOKEN_ABSENT|SESSION_ENDED)$/u);
  const { rows } = await station.call('certificates.list', { search: end.device ?? '' });
  expect(rows.map(({ status }) => status)).toEqual(rows.map(() => 'REVOKED'));
  const back = station.waitFor('status.changed', ({ token }) => token.state === 'locked');
  renameSync(`${tokens()}-away`, tokens());
  await back;
  await station.openSession();
  const passed = station.waitFor('slot.changed', ({ state }) => state === 'PASS');
  await station.call('line.retry', { slot: 1 });
  await passed;
  expect(await station.problems()).toEqual([]);
});

test('a wrong PIN uses one try, nothing is tried again by itself, and the same question can be answered again', async () => {
  await station.call('sessions.close', {});
  const { requestId, token } = await station.call('sessions.request', { reason: 'test' });
  expect(token).toMatchObject({ label: 'Birthmark try-out', pinState: 'ok' });
  await expect(station.call('pin.enter', { requestId, pin: Buffer.from('999999') })).rejects.toMatchObject({
    code: 'PIN_WRONG',
    params: { triesLeft: expect.any(Number) as number },
  });
  expect((await station.call('station.status', {})).session).toBeNull();
  await expect(station.call('pin.enter', { requestId, pin: Buffer.from('1') })).rejects.toMatchObject({ code: 'PIN_INVALID' });
  expect((await station.call('pin.enter', { requestId, pin: Buffer.from('123456') })).session).toMatchObject({ kind: 'issue' });
  expect(await code(station.call('pin.enter', { requestId, pin: Buffer.from('123456') }))).toBe('PIN_REQUEST_UNKNOWN');
  expect(await code(station.call('sessions.request', { reason: 'another' }))).toBe('SESSION_OPEN');
});

test('a token with the same name but other keys is refused by name', async () => {
  await station.call('sessions.close', {});
  const mine = `${tokens()}-mine`;
  const gone = station.waitFor('status.changed', ({ token }) => token.state === 'absent');
  renameSync(tokens(), mine);
  await gone;
  const other = mkdtempSync(join(tmpdir(), 'birthmark-other-'));
  const conf = join(other, 'softhsm2.conf');
  writeFileSync(conf, `directories.tokendir = ${other}\nobjectstore.backend = file\n`);
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'Birthmark try-out', '--pin', '123456', '--so-pin', '12345678'], {
    env: { ...process.env, SOFTHSM2_CONF: conf },
    stdio: 'pipe',
  });
  renameSync(other, tokens());
  // Its serial number is another one: it is not the token of this station, whatever it is called.
  expect(await code(station.openSession())).toBe('TOKEN_ABSENT');
  expect((await station.call('station.status', {})).token.state).toBe('absent');
  rmSync(tokens(), { recursive: true });
  const back = station.waitFor('status.changed', ({ token }) => token.state === 'locked');
  renameSync(mine, tokens());
  await back;
});

test('a token that lost the issuer’s key is KEY_NOT_FOUND', async () => {
  const { issuers } = await station.call('station.status', {});
  const conf = join(station.dataDir, 'token', 'softhsm2.conf');
  const key = issuers[0]?.id ?? '';
  const copy = `${tokens()}-copy`;
  execFileSync('cp', ['-a', tokens(), copy]);
  const tool = (...args: string[]): string =>
    execFileSync(
      'pkcs11-tool',
      ['--module', '/usr/lib/softhsm/libsofthsm2.so', '--token-label', 'Birthmark try-out', '--login', '--pin', '123456', ...args],
      { env: { ...process.env, SOFTHSM2_CONF: conf }, encoding: 'utf8', stdio: 'pipe' },
    );
  const ids = [...tool('--list-objects', '--type', 'privkey').matchAll(/ID:\s+([0-9a-f]+)/gu)].map((match) => match[1] ?? '');
  // A set-up makes root, device and server keys, whose ids begin with 01, 02 and 03.
  const issuing = ids.find((id) => id.startsWith('02')) ?? '';
  expect(issuing, key).not.toBe('');
  for (const type of ['privkey', 'pubkey']) tool('--delete-object', '--type', type, '--id', issuing);
  await station.kill('signer');
  expect(await code(station.openSession())).toBe('KEY_NOT_FOUND');
  rmSync(tokens(), { recursive: true });
  renameSync(copy, tokens());
  await station.kill('signer');
  await station.openSession();
});
