import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
});
afterAll(() => station.dispose());

const blocked = async (): Promise<unknown[]> =>
  (await station.call('station.status', {})).preconditions.filter(({ level }) => level === 'error').map(({ failure }) => failure);

/** The status is told when the station knows of a change at the signer. */
async function closed(): Promise<void> {
  const told = station.waitFor('session.changed', (session) => session === null);
  await station.call('sessions.close', {});
  await told;
}
async function opened(terms: Parameters<TestStation['openSession']>[0]): Promise<void> {
  const told = station.waitFor('session.changed', (session) => session !== null);
  await station.openSession(terms);
  await told;
}

test('how a session ended is said where one is needed', async () => {
  await closed();
  expect(await station.call('station.status', {})).toMatchObject({ session: null, sessionEnd: { why: 'closed by command line' } });
  expect(await blocked()).toMatchObject([{ code: 'SESSION_ENDED', params: { why: 'closed by command line' } }]);
});

test('a session is for the certificate profiles that the officer chose', async () => {
  await expect(station.openSession({ profiles: ['no-such'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await opened({ profiles: ['device'], idleMinutes: 30, perMinute: 1 });
  expect((await station.call('station.status', {})).session).toMatchObject({ profiles: ['device'], idleMinutes: 30, perMinute: 1 });
});

test('its rate holds for the whole line, and the unit that came too early is a FAIL that says so', async () => {
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  expect(await station.run(2)).toMatchObject({ state: 'FAIL', failure: { code: 'SESSION_RATE', params: { perMinute: 1 } } });
  expect(await station.problems()).toEqual([]);
});

test('what the HSM was allowed, and how that ended, is in the audit log, also when the station is stopped', async () => {
  await station.stop();
  const db = new Database(join(station.dataDir, 'station.db'), { readonly: true });
  const lines = db.prepare("SELECT actor, action, subject, detail FROM audit WHERE action LIKE 'session.%' ORDER BY seq").all() as {
    action: string;
    subject: string;
    detail: string;
  }[];
  db.close();
  expect(lines.map(({ action }) => action)).toEqual(['session.open', 'session.end', 'session.open', 'session.end']);
  expect(JSON.parse(lines[2]?.detail ?? '')).toMatchObject({ kind: 'issue', profiles: ['device'], perMinute: 1, reason: 'test' });
  expect(JSON.parse(lines[3]?.detail ?? '')).toEqual({ why: 'the station was stopped', used: 1, quota: 200 });
  expect(lines[3]?.subject).toBe(lines[2]?.subject);
});
