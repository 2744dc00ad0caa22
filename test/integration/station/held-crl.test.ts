import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
  expect((await station.run(1)).state).toBe('PASS');
});
afterAll(() => station.dispose());

it('a revocation without a session waits by name, keeps nobody else out, and takes effect when a session is opened', async () => {
  await station.call('sessions.close', {});
  const [revoked] = await station.call('revocations.revoke', { selector: { device: 'acme/S1-000001' }, reason: 'keyCompromise' });
  await station.call('publication.settle', {});
  expect((await station.call('revocations.list', {})).rows[0]).toMatchObject({ serial: revoked?.serial, state: 'RECORDED' });
  expect((await station.call('station.status', {})).alarms).toContainEqual(
    expect.objectContaining({ id: 'publication', failure: expect.objectContaining({ code: 'SESSION_ENDED' }) as unknown }),
  );
  expect((await station.call('station.status', {})).outbox.waiting).toBeGreaterThan(0);
  expect(await station.problems()).toEqual([]);
  await expect(station.call('crl.publish', {})).rejects.toMatchObject({ code: 'SESSION_ENDED' });

  const effective = station.waitFor('revocation.changed', (view) => view.serial === revoked?.serial && view.state === 'EFFECTIVE');
  await station.openSession();
  await effective;
  expect((await station.run(2)).state).toBe('PASS');
  await station.call('publication.settle', {});
  const { outbox, alarms } = await station.call('station.status', {});
  expect({ waiting: outbox.waiting, alarms }).toEqual({ waiting: 0, alarms: [] });
});
