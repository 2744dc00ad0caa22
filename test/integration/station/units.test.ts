import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
});
afterAll(() => station.dispose());
afterEach(async () => {
  for (const slot of [1, 2]) await station.unplug(slot);
});

const statuses = async (device: string | null): Promise<string[]> =>
  (await station.call('certificates.list', { search: device ?? '' })).rows.map(({ status }) => status);

test('unplugged while it is written and not put back: FAIL, revoked, and the revocation reaches the broker', async () => {
  const end = await station.run(1, { fault: 'peer-dies' });
  expect(end).toMatchObject({ state: 'FAIL', failure: { code: 'PORT_GONE' }, certificateRevoked: true });
  expect(await statuses(end.device)).toEqual(['REVOKED']);
  await expect.poll(async () => (await station.call('revocations.list', { search: end.device ?? '' })).rows[0]?.state).toBe('EFFECTIVE');
  // Put in again another day it is a good unit.
  expect(await station.run(1, { hardwareId: end.unit?.hardwareId ?? '' })).toMatchObject({ state: 'PASS', device: end.device });
  expect((await statuses(end.device)).sort()).toEqual(['ACTIVE', 'REVOKED']);
  expect(await station.problems()).toEqual([]);
});

test('unplugged while it is written and put back at once: PASS', async () => {
  const end = await station.run(1, { fault: 'unplugged-mid-write' });
  expect(end).toMatchObject({ state: 'PASS', proofLevel: 'device-connected', failure: null });
  expect(await statuses(end.device)).toEqual(['ACTIVE']);
});

test('a certificate that came into force is published, without anybody asking for it', async () => {
  expect((await station.run(1)).state).toBe('PASS');
  await expect.poll(async () => (await station.call('station.status', {})).outbox.waiting).toBe(0);
});

test('one bad unit does not stop its neighbour', async () => {
  const [bad, good] = await Promise.all([station.run(1, { fault: 'wrong-stored-byte' }), station.run(2)]);
  expect([bad.state, good.state]).toEqual(['FAIL', 'PASS']);
  expect(await station.problems()).toEqual([]);
});

test('a unit that has passed is a question, not a new run; reprovisioned it gets a new certificate and the old one is revoked', async () => {
  const first = await station.run(1);
  expect(first.state).toBe('PASS');
  const progress = await station.call('orders.current', {});
  const again = await station.replug(1);
  expect(again).toMatchObject({ state: 'HAS_IDENTITY', device: first.device });
  // Looking at it costs nothing and counts for nothing.
  expect(await statuses(first.device)).toEqual(['ACTIVE']);
  expect(await station.call('orders.current', {})).toMatchObject({ passed: progress?.passed, failed: progress?.failed });
  const ended = station.waitFor('slot.changed', ({ state }) => state === 'PASS' || state === 'FAIL');
  await station.call('line.reprovision', { slot: 1 });
  const second = await ended;
  expect(second).toMatchObject({ state: 'PASS', failure: null });
  expect((await statuses(first.device)).sort()).toEqual(['ACTIVE', 'REVOKED']);
  expect(await station.problems()).toEqual([]);
});

test('a run that is cancelled leaves nothing behind', async () => {
  const cancelled = new Promise<unknown>((done) => {
    const off = station.on('slot.changed', ({ step }) => {
      if (step !== 'install') return;
      off();
      done(station.call('line.cancel', { slot: 1 }));
    });
  });
  const end = await station.run(1, { fault: 'slow-flash' });
  await cancelled;
  expect(end).toMatchObject({ state: 'FAIL', failure: { code: 'CANCELLED' } });
  expect(await statuses(end.device)).toEqual(['REVOKED']);
  expect(await station.problems()).toEqual([]);
});

test('a station that is closed during a run ends it on the way out', async () => {
  const writing = station.waitFor('slot.changed', ({ step }) => step === 'install');
  await station.call('bench.plug', { slot: 1, fault: 'slow-flash' });
  const { device } = await writing;
  await station.reopen();
  expect(await statuses(unwrap(device, 'the unit was registered'))).toEqual(['REVOKED']);
  await station.openSession();
  expect(await station.slotIs(1, 'PASS')).toMatchObject({ device });
  expect(await station.problems()).toEqual([]);
});
