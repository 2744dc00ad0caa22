import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { readCrl } from '../../../src-main/station/ca/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
let database: string;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
  database = join(station.dataDir, 'station.db');
});
afterAll(() => station.dispose());

const serialOf = async (device: string | null): Promise<string> => {
  const { rows } = await station.call('certificates.list', { search: device ?? 'none', status: 'ACTIVE' });
  return unwrap(rows[0], 'a unit that passed has a certificate').serial;
};
/** Paths of the lists of the devices' issuer, by number. */
function lists(): { number: number; path: string }[] {
  const folder = join(station.dataDir, 'crl');
  return readdirSync(folder)
    .flatMap((name) => {
      const number = /^device-[0-9a-f]+-(?<number>\d+)\.crl$/u.exec(name)?.groups?.['number'];
      return number === undefined ? [] : [{ number: Number(number), path: join(folder, name) }];
    })
    .sort((a, b) => a.number - b.number);
}
const newest = () => unwrap(lists().at(-1), 'there are lists');
const listed = (): string[] => Array.from(readCrl(newest().path).entries(), ({ serial }) => serial);

test('a registry restored from an old copy publishes nothing until the list in force is adopted; then all that was ever revoked stays so', async () => {
  const first = await station.run(1);
  expect(first.state).toBe('PASS');
  const known = await serialOf(first.device);
  await station.stop();
  copyFileSync(database, join(station.dataDir, 'old.db'));

  await station.reopen();
  await station.openSession();
  const second = await station.run(2);
  expect(second.state).toBe('PASS');
  const unknown = await serialOf(second.device);
  await station.call('revocations.revoke', { selector: { serial: known }, reason: 'privilegeWithdrawn' });
  await station.call('revocations.revoke', { selector: { serial: unknown }, reason: 'keyCompromise' });
  await station.call('publication.settle', {});
  const before = { number: newest().number, serials: listed(), entries: [...readCrl(newest().path).entries()] };
  expect(before.serials).toEqual(expect.arrayContaining([known, unknown]));
  const inForce = readFileSync(newest().path);
  await station.stop();

  for (const name of ['', '-wal', '-shm']) rmSync(`${database}${name}`, { force: true });
  copyFileSync(join(station.dataDir, 'old.db'), database);
  await station.reopen();
  await station.openSession();
  await expect(station.call('crl.publish', {})).rejects.toMatchObject({ code: 'CRL_REJECTED' });
  const alarms = async (): Promise<string[]> => (await station.call('station.status', {})).alarms.map(({ failure }) => failure.code);
  expect(await alarms()).toEqual(expect.arrayContaining(['CRL_REJECTED', 'CRL_GAP']));
  expect(newest().number).toBe(before.number);

  // What is not the newest list of this station’s own changes nothing.
  const adopt = async (bytes: Buffer, dryRun = false) => {
    await station.call('crl.receive', { offset: 0, bytes });
    return station.call('crl.adopt', { note: 'the disk was replaced', dryRun });
  };
  const older = unwrap(lists().at(-2), 'there is an older list');
  await expect(adopt(readFileSync(older.path))).rejects.toMatchObject({ code: 'CRL_NOT_ADOPTED', params: { check: 'number' } });
  const forged = Buffer.from(inForce);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  await expect(adopt(forged)).rejects.toMatchObject({ code: 'CRL_NOT_ADOPTED', params: { check: 'signature' } });
  const would = await adopt(inForce, true);
  expect(would.entries.find(({ serial }) => serial === unknown)).toMatchObject({ device: null, reason: 'keyCompromise' });
  expect(would.entries.find(({ serial }) => serial === known)).toMatchObject({ device: first.device, reason: 'privilegeWithdrawn' });
  await station.stop();

  const data = ['--data', station.dataDir, '--json'];
  const bare = await birthmark(['crl', 'adopt', newest().path, ...data]);
  expect(jsonOf(bare)).toMatchObject({ error: { code: 'INVALID_INPUT', params: { field: '--note' } } });
  const adopted = await birthmark(['crl', 'adopt', newest().path, '--note', 'the disk was replaced', ...data]);
  expect(adopted.code, adopted.stderr).toBe(0);
  expect(jsonOf(adopted)).toMatchObject({ dryRun: false, adopted: would.adopted, lists: [{ number: before.number }] });

  await station.reopen();
  expect(newest().number).toBeGreaterThan(before.number);
  expect(listed()).toEqual(expect.arrayContaining(before.serials));
  const after = new Map(Array.from(readCrl(newest().path).entries(), (entry) => [entry.serial, entry]));
  for (const entry of before.entries) expect(after.get(entry.serial)).toEqual(entry);
  expect((await station.call('revocations.list', { search: unknown })).rows).toMatchObject([
    { device: `unknown/${unknown}`, state: 'EFFECTIVE', reason: 'keyCompromise', note: 'the disk was replaced' },
  ]);
  expect((await station.call('certificates.get', { serial: known })).status).toBe('REVOKED');
  expect((await station.call('broker.reconcile', {})).findings.flatMap(({ examples }) => examples)).toEqual([]);
  expect(await station.problems()).toEqual([]);
  // Once more: there is nothing left to take.
  expect(await adopt(readFileSync(newest().path))).toMatchObject({ adopted: 0 });
});
