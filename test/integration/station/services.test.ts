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

test('the signer is killed while it is asked: the call fails by name, a new session works, and units go on', async () => {
  const { requestId } = await station
    .call('sessions.close', {})
    .then(() => station.call('sessions.request', { reason: 'before the crash' }));
  const up = station.waitFor('service.changed', ({ service, state }) => service === 'signer' && state === 'up');
  const told = station.waitFor('status.changed', ({ token, session }) => token.state === 'locked' && session === null);
  const pending = code(station.call('pin.enter', { requestId, pin: Buffer.from('123456') }));
  process.kill(station.pid('signer'), 'SIGKILL');
  expect(await pending).toBe('SERVICE_CRASHED');
  await up;
  await told;
  // What was asked before is gone; nothing is answered by itself.
  expect(await code(station.call('pin.enter', { requestId, pin: Buffer.from('123456') }))).toBe('PIN_REQUEST_UNKNOWN');
  expect(await station.call('station.status', {})).toMatchObject({
    token: { state: 'locked' },
    session: null,
    preconditions: [{ level: 'error', failure: { code: 'SESSION_ENDED' } }],
  });
  await station.openSession();
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  expect(await station.problems()).toEqual([]);
});

test('the signer is killed during a run: that unit fails by name with nothing left over, and passes when tried again', async () => {
  const ended = station.waitFor('slot.changed', ({ state, run }) => run !== null && (state === 'FAIL' || state === 'PASS'));
  const off = station.on('slot.changed', ({ step }) => {
    if (step !== 'csr') return;
    off();
    process.kill(station.pid('signer'), 'SIGKILL');
  });
  const lost = station.waitFor('status.changed', ({ session }) => session === null);
  await station.call('bench.plug', { slot: 1 });
  const { state, failure } = await ended;
  // Killed just before or just after the signature: which one is the machine's choice, what follows is not.
  expect(['PASS', 'FAIL SERVICE_CRASHED', 'FAIL SESSION_NONE']).toContain([state, failure?.code].join(' ').trim());
  await lost;
  await station.openSession();
  if (state === 'FAIL') {
    const again = station.waitFor('slot.changed', (view) => view.state === 'PASS');
    await station.call('line.retry', { slot: 1 });
    await again;
  }
  expect(await station.problems()).toEqual([]);
  expect(await station.call('orders.current', {})).toMatchObject({ passed: 1, failed: 0 });
});

test('the station is killed with a call pending: the call fails by name, and the signing session outlives it', async () => {
  const before = (await station.call('station.status', {})).session;
  expect(before).not.toBeNull();
  const up = station.waitFor('service.changed', ({ service, state }) => service === 'station' && state === 'up');
  const pending = code(station.call('doctor.run', {}));
  process.kill(station.pid('station'), 'SIGKILL');
  expect(await pending).toBe('SERVICE_CRASHED');
  await up;
  expect((await station.call('station.status', {})).session).toEqual(before);
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
});

test('an operator who signed in is still signed in after the station was restarted, and not in another window', async () => {
  await station.stop();
  const window = new TestStation({ dataDir: station.dataDir, face: 'window' });
  await window.call('operators.signIn', { name: 'Support' });
  await window.kill('station');
  expect((await window.call('station.status', {})).operator).toMatchObject({ name: 'Support' });
  await window.stop();
  const other = new TestStation({ dataDir: station.dataDir, face: 'window' });
  expect((await other.call('station.status', {})).operator).toBeNull();
  await other.stop();
});
