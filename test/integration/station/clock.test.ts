import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const day = 86_400_000;
let station: TestStation;
let device: string;
let serial: string;
let clockFile: string;
const setClock = (ahead: number): void => writeFileSync(clockFile, String(ahead));

beforeAll(async () => {
  const dataDir = TestStation.folder();
  clockFile = join(dataDir, 'clock-ahead');
  setClock(0);
  process.env['BIRTHMARK_TEST_CLOCK'] = clockFile;
  station = await TestStation.tryOut(2, { dataDir, entry: resolve('test/support/other-clock-station.ts') });
  const view = await station.run(1);
  expect(view.state).toBe('PASS');
  device = view.device ?? '';
  serial = (await station.call('certificates.list', { search: device })).rows[0]?.serial ?? '';
});
afterAll(async () => {
  await station.dispose();
  delete process.env['BIRTHMARK_TEST_CLOCK'];
});

const doubt = async (): Promise<string | null> => (await station.call('clock.show', {})).doubt?.code ?? null;
const status = async (): Promise<string> => (await station.call('certificates.get', { serial })).status;
/** Each threshold is told of once: what a wrong clock told of would never be told again. */
function notices(): number {
  const db = new Database(join(station.dataDir, 'station.db'), { readonly: true });
  const row = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM notices').get();
  db.close();
  return row?.n ?? 0;
}
const newestList = async (): Promise<number> => (await station.call('station.status', {})).crl?.number ?? 0;

test.each([
  ['350 days', 350 * day],
  ['400 days', 400 * day],
  ['ten years', 3_652 * day],
])('a clock that is %s ahead ends nothing and signs nothing, and nothing of it is left afterwards', async (_, ahead) => {
  const number = await newestList();
  setClock(ahead);
  await expect.poll(doubt).toBe('CLOCK_DOUBTFUL');
  const { alarms, preconditions } = await station.call('station.status', {});
  expect(alarms.find(({ id }) => id === 'clock')?.failure.code).toBe('CLOCK_DOUBTFUL');
  expect(preconditions.find(({ level }) => level === 'error')?.failure.code).toBe('CLOCK_DOUBTFUL');
  expect(await status()).toBe('ACTIVE');
  // Through a stop and a start, too.
  await station.stop();
  await station.reopen();
  expect(await doubt()).toBe('CLOCK_DOUBTFUL');
  expect(await status()).toBe('ACTIVE');
  expect(await newestList()).toBe(number);
  expect((await station.call('access.show', {})).devices).toBe(1);
  setClock(0);
  expect(await doubt()).toBeNull();
  expect(await status()).toBe('ACTIVE');
  expect(notices()).toBe(0);
});

test('an officer confirms a clock that is right: then certificates end by it, and all comes back with the old time', async () => {
  setClock(400 * day);
  expect(await doubt()).toBe('CLOCK_DOUBTFUL');
  expect((await station.call('clock.confirm', {})).doubt).toBeNull();
  expect(await status()).toBe('EXPIRED');
  expect(await failureOf(station.call('revocations.revoke', { selector: { serial }, reason: 'keyCompromise' }))).toMatchObject({
    code: 'REVOCATION_TOO_LATE',
  });
  setClock(0);
  // The last time known is the wrong one now.
  expect(await doubt()).toBe('CLOCK_DOUBTFUL');
  expect((await station.call('clock.confirm', {})).doubt).toBeNull();
  expect(await status()).toBe('ACTIVE');
  await station.call('revocations.revoke', { selector: { serial }, reason: 'keyCompromise' });
  expect(await status()).toBe('REVOKED');
});
