import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RecordsHost, unwrap } from '../../../src-main/contract/index.ts';
import { readCrl } from '../../../src-main/station/ca/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestPostgres } from '../../support/postgres.ts';
import { TestRemote } from '../../support/remote-host.ts';
import { TestStation } from '../../support/station.ts';

/** The disk of a station dies, and it goes on from yesterday's backup: nothing revoked is let in, no serial number or name is given twice. */
const dir = mkdtempSync(join(tmpdir(), 'birthmark-drill-'));
const share = join(dir, 'share');
const key = join(dir, 'key.pem');
const atEnd: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mkdirSync(share);
  await birthmark(['backups', 'make-key', '--out', key]);
});
afterEach(async () => {
  for (const task of atEnd.splice(0).reverse()) await task();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function newStation(): Promise<TestStation> {
  const station = await TestStation.tryOut(2);
  atEnd.push(() => station.dispose());
  await station.call('sessions.close', {});
  await station.openSession({ profiles: ['device', 'server'], quota: 30 });
  return station;
}
/** The HSM and the units are not on the disk. */
function plugInto(from: string, to: string): void {
  for (const name of ['token', 'fixture'])
    cpSync(join(from, name), join(to, name), { recursive: true, filter: (path) => !/slot-\d+$/u.test(path) });
}
function destroy(path: string): void {
  writeFileSync(path, randomBytes(statSync(path).size));
}
async function backup(station: TestStation): Promise<string> {
  const publicKey = readFileSync(`${key}.pub.pem`, 'utf8');
  await station.call('backups.change', { keep: 14, folder: share, publicKey });
  return unwrap((await station.call('backups.create', {})).sealed, 'a second folder is set up').path;
}
async function restore(path: string, dataDir: string, ...more: string[]): Promise<Record<string, unknown>> {
  const told = await birthmark(['restore', path, '--officer', 'Officer', '--data', dataDir, '--json', ...more]);
  expect(told.code, told.stderr).toBe(0);
  return jsonOf(told);
}
const serialOf = async (station: TestStation, device: string): Promise<string> =>
  unwrap((await station.call('certificates.list', { search: device })).rows[0], 'it has one').serial;
const serials = async (station: TestStation): Promise<string[]> =>
  (await station.call('certificates.list', { limit: 500 })).rows.map(({ serial }) => serial);
async function revoke(station: TestStation, device: string): Promise<void> {
  await station.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise' });
  await expect.poll(async () => (await station.call('revocations.list', { search: device })).rows[0]?.state).toBe('EFFECTIVE');
}
function newestList(dataDir: string): { number: number; serials: string[] } {
  const numbers = readdirSync(join(dataDir, 'crl')).flatMap((name) => /^device-[0-9a-f]+-(\d+)\.crl$/u.exec(name)?.[1] ?? []);
  const number = Math.max(...numbers.map(Number));
  const file = unwrap(
    readdirSync(join(dataDir, 'crl')).find((name) => name.startsWith('device-') && name.endsWith(`-${String(number)}.crl`)),
    'it is there',
  );
  return { number, serials: Array.from(readCrl(join(dataDir, 'crl', file)).entries(), ({ serial }) => serial) };
}
const hardwareIn = async (station: TestStation, slot: number): Promise<string> =>
  unwrap((await station.call('bench.units', {})).find((unit) => unit.slot === slot)?.hardwareId, 'a unit is in the slot');

/** Opens the restored station, and signs again. */
async function open(dataDir: string): Promise<TestStation> {
  const station = new TestStation({ dataDir });
  atEnd.push(() => station.dispose());
  await station.openSession({ quota: 30 });
  await station.call('publication.settle', {});
  return station;
}

/** A unit that passed before the backup is revoked after it, and another one passes. */
async function dayAfter(station: TestStation) {
  const revoked = unwrap((await station.run(1)).device, 'it passed');
  const sealed = await backup(station);
  const hardware = await hardwareIn(station, 1);
  const late = unwrap((await station.run(2)).device, 'it passed');
  await revoke(station, revoked);
  const known = { serial: await serialOf(station, revoked), late: await serialOf(station, late), all: await serials(station) };
  return { sealed, revoked, late, hardware, known, list: newestList(station.dataDir) };
}

async function goesOn(station: TestStation, day: Awaited<ReturnType<typeof dayAfter>>): Promise<void> {
  const next = await station.run(2);
  expect(next).toMatchObject({ state: 'PASS' });
  // The name that was given after the backup is not given again, and no serial number is.
  expect(next.device).not.toBe(day.late);
  expect(day.known.all).not.toContain(await serialOf(station, next.device ?? ''));
  const list = newestList(station.dataDir);
  expect(list.number).toBeGreaterThan(day.list.number);
  expect(list.serials).toEqual(expect.arrayContaining(day.list.serials));
  expect((await station.call('certificates.get', { serial: day.known.serial })).status).toBe('REVOKED');
  expect((await station.call('revocations.list', { search: day.revoked })).rows).toMatchObject([
    { state: 'EFFECTIVE', reason: 'keyCompromise' },
  ]);
  expect((await station.call('devices.list', { search: day.late })).rows).toMatchObject([{ device: day.late, state: 'PENDING' }]);
  expect(await station.problems()).toEqual([]);
  expect((await station.call('station.status', {})).alarms.map(({ failure }) => failure.code)).not.toContain('RESTORE_OPEN');
}

test('local broker and PostgreSQL; the whole disk is lost: from the sealed copy into another folder, with what the central records know', async () => {
  const first = await newStation();
  const database = await first.call('servers.issue', { dns: ['db.example'], ips: ['127.0.0.1'], csr: null });
  const root = (await first.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  const server = await TestPostgres.start({ clientCaPem: root, serverPem: database.pem, serverKeyPem: database.keyPem ?? '' });
  atEnd.push(() => server.stop());
  await first.call('sessions.close', {});
  await first.openSession({ quota: 30 });
  await server.register(first, ['zeta']);
  await first.call('records.connect', { at: RecordsHost.parse({ host: '127.0.0.1', port: server.port }) });
  const day = await dayAfter(first);
  await first.call('records.settle', { timeoutMs: 60_000 });
  await first.stop();

  const dataDir = join(dir, 'new-disk');
  mkdirSync(dataDir);
  plugInto(first.dataDir, dataDir);
  destroy(join(first.dataDir, 'station.db'));
  const told = await restore(day.sealed, dataDir, '--key', key);
  expect(told).toMatchObject({ replaces: 'nothing', keepsMemory: false, evidence: null });

  // While the only witness is away, nothing is published or issued.
  await server.kill();
  const restored = await open(dataDir);
  const { alarms, preconditions } = await restored.call('station.status', {});
  for (const list of [alarms, preconditions]) expect(list.map(({ failure }) => failure.code)).toContain('RESTORE_OPEN');
  await server.run();
  await restored.call('crl.publish', {});
  expect((await restored.call('station.status', {})).alarms.map(({ failure }) => failure.code)).not.toContain('RESTORE_OPEN');
  await goesOn(restored, day);
  await expect.poll(async () => (await restored.call('records.list', {}))[0]).toMatchObject({ state: 'up', waiting: 0 });
  const rows = await server.query(
    'SELECT count(*)::int AS all, count(DISTINCT serial_number)::int AS different FROM birthmark.device_certificates',
  );
  expect(rows[0]?.['all']).toBe(rows[0]?.['different']);
  expect(await server.query(`SELECT birthmark.device_status('${day.revoked}') AS status`)).toEqual([{ status: 'REVOKED' }]);
});

test('a broker host elsewhere is ahead: the station takes its lists and access list, and the revoked unit stays out', async () => {
  const first = await newStation();
  const server = await first.call('servers.issue', { dns: ['localhost'], ips: ['127.0.0.1'], csr: null });
  const keys = await first.call('broker.keys', {});
  const remote = await TestRemote.start({
    rootPem: (await first.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '',
    serverPem: server.pem,
    serverKeyPem: server.keyPem ?? '',
    publicKeys: [keys.files, keys.command],
  });
  atEnd.push(() => remote.stop());
  await first.call('broker.use', { remote: remote.at });
  await first.reopen();
  await first.openSession({ quota: 30 });
  await expect.poll(async () => (await first.call('broker.status', {}))?.state).toBe('up');
  const day = await dayAfter(first);
  await first.stop();

  const dataDir = join(dir, 'other-computer');
  mkdirSync(dataDir);
  plugInto(first.dataDir, dataDir);
  await restore(day.sealed, dataDir, '--key', key);
  // The old folder is still whole: somebody has to say that it is used no more.
  const confirmed = await birthmark(['folder', 'confirm', '--note', 'the old computer was sold', '--data', dataDir, '--json']);
  expect(jsonOf(confirmed)).toMatchObject({ doubt: null });
  const restored = await open(dataDir);
  await goesOn(restored, day);
  await restored.call('bench.plug', { slot: 1, hardwareId: day.hardware });
  await restored.slotIs(1, 'PASS', 'HAS_IDENTITY');
  expect(await restored.call('verify.unit', { slot: 1 })).toMatchObject({ connected: false });
  expect(remote.installed('access-list')).not.toContain(`user ${day.revoked}\n`);
  expect(await restored.call('broker.reconcile', {})).toMatchObject({ verdict: 'PASS' });
});

test('the database alone is damaged: in the same folder, with the signer’s own memory, and what was there is kept', async () => {
  const station = await newStation();
  const day = await dayAfter(station);
  const [local] = (await station.call('backups.list', {})).filter(({ sealed }) => !sealed);
  await station.stop();
  destroy(join(station.dataDir, 'station.db'));
  const destroyed = readFileSync(join(station.dataDir, 'station.db'));
  const damaged = await birthmark(['status', '--data', station.dataDir, '--json']);
  expect(jsonOf(damaged)).toMatchObject({ error: { code: 'DATA_DAMAGED' } });
  const told = await restore(local?.path ?? '', station.dataDir);
  expect(told).toMatchObject({
    replaces: 'damaged',
    keepsMemory: true,
    missing: { certificates: null, signed: expect.any(Number) as number },
  });
  expect(readFileSync(join(String(told['evidence']), 'station.db')).equals(destroyed)).toBe(true);
  await goesOn(await open(station.dataDir), day);
});
