import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
});
afterAll(() => station.dispose());
afterEach(async () => {
  for (const slot of [1, 2]) await station.unplug(slot);
});

const certificates = async (device: string | null) => (await station.call('certificates.list', { search: device ?? '' })).rows;

/** The Mosquitto of this station: the process whose command line names our folder. */
function brokerPid(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/u.test(name))) {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (program.endsWith('mosquitto') && args.some((arg) => arg.startsWith(station.dataDir))) return Number(pid);
    } catch {
      // The process ended while we looked.
    }
  }
  throw new Error('the station’s Mosquitto does not run');
}

test('without a broker a unit waits as NOT VERIFIED with a deadline; it is proven later with the same certificate', async () => {
  await station.call('bench.broker', { up: false });
  const waiting = await station.run(1);
  expect(waiting).toMatchObject({ state: 'NOT_VERIFIED', failure: { code: 'BROKER_AWAY' } });
  expect(Date.parse(waiting.deadline ?? '') - Date.now()).toBeGreaterThan(71 * 3_600_000);
  const [before] = await certificates(waiting.device);
  expect(before?.status).toBe('SIGNED');
  expect((await station.call('station.status', {})).notVerified).toBe(1);
  // Asked while it is still away: it goes on waiting, and its deadline does not move.
  expect(await station.call('verify.outstanding', {})).toMatchObject([{ device: waiting.device, slot: 1, verdict: 'NOT_VERIFIED' }]);
  expect((await station.slotIs(1, 'NOT_VERIFIED')).deadline).toBe(waiting.deadline);
  await station.call('bench.broker', { up: true });
  // Two people ask at once: one proof.
  const [proven] = await Promise.all([station.call('verify.outstanding', {}), station.call('verify.outstanding', {})]);
  expect(proven).toMatchObject([{ device: waiting.device, slot: 1, verdict: 'PASS' }]);
  const after = await certificates(waiting.device);
  expect(after.map(({ serial, status }) => ({ serial, status }))).toEqual([{ serial: before?.serial, status: 'ACTIVE' }]);
  expect(await station.problems()).toEqual([]);
});

test('a unit that waits is proven when it is put in again, also into another slot; it gets no second certificate', async () => {
  await station.call('bench.broker', { up: false });
  const waiting = await station.run(1);
  expect(waiting.state).toBe('NOT_VERIFIED');
  await station.unplug(1);
  await station.call('bench.broker', { up: true });
  const proven = await station.run(2, { hardwareId: waiting.unit?.hardwareId ?? '' });
  expect(proven).toMatchObject({ state: 'PASS', device: waiting.device, run: waiting.run });
  expect((await certificates(waiting.device)).map(({ status }) => status)).toEqual(['ACTIVE']);
  expect((await station.call('station.status', {})).notVerified).toBe(0);
  expect(await station.problems()).toEqual([]);
});

test('a unit that waits and whose certificate an officer revokes is not proven any more', async () => {
  await station.call('bench.broker', { up: false });
  const waiting = await station.run(1);
  await station.call('revocations.revoke', { selector: { device: waiting.device ?? '' }, reason: 'keyCompromise' });
  await station.call('bench.broker', { up: true });
  expect(await station.call('verify.outstanding', {})).toMatchObject([{ verdict: 'FAIL', code: 'CERTIFICATE_REVOKED' }]);
  expect((await certificates(waiting.device)).map(({ status }) => status)).toEqual(['REVOKED']);
  expect(await station.problems()).toEqual([]);
});

test('an officer revokes the certificate while its unit is being proven: it does not pass', async () => {
  let revoking: Promise<unknown> = Promise.resolve();
  const off = station.on('slot.changed', ({ step, device }) => {
    if (step !== 'isolation') return;
    off();
    revoking = station.call('revocations.revoke', { selector: { device: device ?? '' }, reason: 'keyCompromise' });
  });
  const end = await station.run(1);
  await revoking;
  const [row] = await certificates(end.device);
  // Revoked before its verdict, or just after it: never ACTIVE, and the reason is said.
  expect(['PASS', 'FAIL CERTIFICATE_REVOKED']).toContain([end.state, end.failure?.code].join(' ').trim());
  expect(row?.status).toBe('REVOKED');
  expect(await station.problems()).toEqual([]);
});

test('Mosquitto is killed during a run: the unit passes or waits, and the broker comes back by itself', async () => {
  const off = station.on('slot.changed', ({ step }) => {
    if (step !== 'possession') return;
    off();
    process.kill(brokerPid(), 'SIGKILL');
  });
  const end = await station.run(1);
  expect(['PASS', 'NOT_VERIFIED'], JSON.stringify(end.failure)).toContain(end.state);
  await expect.poll(async () => (await station.call('broker.status', {}))?.state).toBe('up');
  for (const proven of await station.call('verify.outstanding', {})) expect(proven.verdict).toBe('PASS');
  expect((await certificates(end.device)).map(({ status }) => status)).toEqual(['ACTIVE']);
  expect(await station.problems()).toEqual([]);
});
