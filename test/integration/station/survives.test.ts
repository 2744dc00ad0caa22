import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { runSteps, type SlotView } from '../../../src-main/contract/index.ts';
import type { CrashPoint } from '../../support/crashing-station.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
/** Units of the order that had passed before this test: one that fails is the failure of one test. */
let passedBefore = 0;
const passed = async (): Promise<number> => (await station.call('orders.current', {}))?.passed ?? 0;

beforeAll(async () => {
  const entry = resolve('test/support/crashing-station.ts');
  const dataDir = TestStation.folder();
  process.env['BIRTHMARK_TEST_CRASH'] = join(dataDir, 'crash-at');
  station = await TestStation.tryOut(1, { entry, dataDir });
});
afterAll(() => station.dispose());

/** A new unit, and a kill -9 at each of these points in turn; the unit stays in its slot. Returns how it ends in the last life. */
async function crashAt(points: readonly CrashPoint[], fault?: string): Promise<SlotView> {
  const file = join(station.dataDir, 'crash-at');
  let died = 0;
  const off = station.on('service.changed', ({ service, state }) => {
    if (service === 'station' && state === 'restarting') died++;
  });
  writeFileSync(file, JSON.stringify(points));
  const lastUp = station.waitFor(
    'service.changed',
    ({ service, state }) => service === 'station' && state === 'up' && died === points.length,
  );
  await station.call('bench.plug', { slot: 1, ...(fault === undefined ? {} : { fault }) });
  await lastUp;
  off();
  expect(existsSync(file)).toBe(false);
  return station.slotIs(1, 'PASS', 'HAS_IDENTITY', 'FAIL', 'NOT_VERIFIED');
}

/** The next unit, with a supervisor that has seen no crash yet: it waits longer from crash to crash. */
async function next(): Promise<void> {
  rmSync(join(station.dataDir, 'crash-at'), { force: true });
  await station.unplug(1);
  await station.reopen();
  await station.openSession();
}
beforeEach(async () => {
  passedBefore = await passed();
});
afterEach(next);

async function statuses(device: string | null): Promise<string[]> {
  const { rows } = await station.call('certificates.list', { search: device ?? '' });
  // Ended by the recovery, not by the unit's next pass.
  for (const { reason } of rows) expect([null, 'cessationOfOperation']).toContain(reason);
  return rows.map(({ status }) => status).sort();
}

/** What every end has in common: no promise is broken, nothing waits, and the unit counts once. */
async function everythingHolds(): Promise<void> {
  expect(await station.problems()).toEqual([]);
  const { notVerified, outbox } = await station.call('station.status', {});
  expect({ notVerified, outbox: outbox.waiting }).toEqual({ notVerified: 0, outbox: 0 });
  expect(await station.call('orders.current', {})).toMatchObject({ passed: passedBefore + 1, failed: 0, notVerified: 0 });
}

const point = (of: string, row: CrashPoint['row'], when: CrashPoint['when']): CrashPoint => ({ of, row, when });

/** Those of a unit that makes its key itself. */
const steps = runSteps.filter((step) => step !== 'station-connect');

// After the row “done” of a step and before the row “begin” of the next are the same moment.
test.each(steps.filter((step) => step !== 'lock'))(
  'kill -9 before, at the beginning and at the end of “%s”: each try is compensated, and the unit passes',
  async (step) => {
    const end = await crashAt([point(step, 'begin', 'before'), point(step, 'begin', 'committed'), point(step, 'done', 'before')]);
    expect(end).toMatchObject({ state: 'PASS', failure: null });
    const late = steps.indexOf(step) - steps.indexOf('certificate');
    // In the step “certificate” itself only the last crash comes after the signature.
    const revoked = late < 0 ? 0 : late === 0 ? 1 : 3;
    expect(await statuses(end.device)).toEqual(['ACTIVE', ...Array<string>(revoked).fill('REVOKED')]);
    await everythingHolds();
  },
);

test('kill -9 while the unit is being locked: it waits for proof, and is proven with the certificate that it has', async () => {
  const end = await crashAt([point('lock', 'begin', 'committed'), point('lock', 'done', 'before')]);
  expect(end).toMatchObject({ state: 'PASS', failure: null });
  expect(await statuses(end.device)).toEqual(['ACTIVE']);
  await everythingHolds();
});

test.each([
  point('lock', 'done', 'committed'),
  point('PASS', 'verdict', 'before'),
  point('PASS', 'verdict', 'written'),
  point('PASS', 'verdict', 'committed'),
])('kill -9 when the unit is locked, around its verdict ($of $row $when): it has passed', async (at) => {
  const end = await crashAt([at]);
  // The unit never left its slot: what it has passed it is not asked about.
  expect(end).toMatchObject({ state: 'PASS', earlier: { order: expect.any(String) as string } });
  expect(await statuses(end.device)).toEqual(['ACTIVE']);
  await everythingHolds();
});

test('kill -9 around the verdict FAIL: the certificate is revoked and the revocation takes effect', async () => {
  const points = (['before', 'written', 'committed'] as const).map((when) => point('FAIL', 'verdict', when));
  const end = await crashAt(points, 'wrong-stored-byte');
  expect(end.failure?.code).toBe('VERIFY_MISMATCH');
  // The verdict of the run before is written in the same life that crashes next: two tries for three crashes, and one more.
  const revoked = await statuses(end.device);
  expect(revoked).toEqual(revoked.map(() => 'REVOKED'));
  const states = async (): Promise<string[]> =>
    (await station.call('revocations.list', { search: end.device ?? '' })).rows.map((row) => row.state);
  await expect.poll(states).toEqual(revoked.map(() => 'EFFECTIVE'));
  expect(await station.problems()).toEqual([]);
});
