import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RecordsSync } from '../../../src-main/station/central-records/index.ts';
import { openRegistry, type Registry } from '../../../src-main/station/registry/index.ts';
import { recordsName, syncFor, TestRecords, type RecordsLogin } from '../../support/records.ts';
import { issuerId, order, TestRegistry } from '../../support/registry.ts';

/** A registry and a real PostgreSQL: what goes there, what happens to what is there already, and every reason why it does not go. */
const stations = Array.from({ length: 24 }, (_, index) => `aaaa${String(index).padStart(4, '0')}`);
let records: TestRecords;
const syncs: RecordsSync[] = [];
let next = 0;
let made: TestRegistry;

beforeAll(async () => {
  records = await TestRecords.start(stations);
});
afterAll(() => records.server.stop());
beforeEach(() => (made = new TestRegistry()));
afterEach(async () => {
  for (const sync of syncs.splice(0)) await sync.stop();
  made.dispose();
});

/** A station that nobody has used before. */
const newLogin = (): RecordsLogin => records.logins[next++] as RecordsLogin;
async function begin(registry: Registry, login: RecordsLogin, use = true): Promise<RecordsSync> {
  await records.register(registry, login, 'acme');
  return start(registry, login, use);
}
function start(registry: Registry, login: RecordsLogin, use = true): RecordsSync {
  if (use) registry.records.use(recordsName, login.at, 'test');
  const sync = syncFor(registry, login, made.clock);
  syncs.push(sync);
  sync.start();
  return sync;
}
const settled = (sync: RecordsSync): Promise<void> =>
  expect.poll(() => [sync.view().state, sync.view().waiting, sync.view().failure]).toEqual(['up', 0, null]);
const failure = (sync: RecordsSync): Promise<unknown> =>
  expect
    .poll(() => sync.failure?.code ?? null)
    .not.toBeNull()
    .then(() => ({ code: sync.failure?.code, params: sync.failure?.params }));
const rows = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => records.server.query(text, values);
const mine = (login: RecordsLogin, columns: string, table = 'device_certificates', order_ = '1'): Promise<Record<string, unknown>[]> =>
  rows(`SELECT ${columns} FROM birthmark.${table} WHERE station = $1 ORDER BY ${order_}`, [login.station]);

function active(registry: Registry = made.registry, notAfter?: string): { device: string; serial: string } {
  const { device, serial } = made.run(notAfter === undefined ? {} : { notAfter });
  registry.certificates.activate(serial, 'line');
  return { device, serial };
}
function publishCrl(registry: Registry, sha256 = randomBytes(32).toString('hex')): number {
  const scope = { issuer: issuerId, partition: 0 };
  const number = registry.crls.nextNumber(scope);
  const times = { thisUpdate: registry.now(), nextUpdate: registry.now() };
  registry.crls.record(
    { ...scope, ...times, number, entries: 0, bytes: 1, sha256, signature: randomBytes(8), namesPoint: false },
    { upTo: 0, keepAfter: registry.now() },
    'Olga',
  );
  registry.crls.published(scope, number);
  return number;
}

test('what was there before and what comes later: devices, certificates, revocations, lists, alerts, the end of the audit log; a second time changes nothing', async () => {
  const login = newLogin();
  const { registry } = made;
  const [kept, revoked, ending] = [active(), active(), active(registry, '2026-06-06T08:00:00.000Z')];
  registry.certificates.revoke(revoked.serial, 'keyCompromise', '', 'officer');
  made.run({ signed: false });
  const sync = await begin(registry, login);
  await settled(sync);
  registry.notices.record();
  const number = publishCrl(registry);
  const later = made.run();
  registry.records.checkpoint();
  await settled(sync);

  expect(
    await mine(
      login,
      'serial_number AS serial, status, tenant_id AS tenant, common_name AS name, reason',
      'device_certificates',
      'created_at, 1',
    ),
  ).toEqual(
    expect.arrayContaining([
      { serial: kept.serial, status: 'ACTIVE', tenant: 'acme', name: kept.device, reason: null },
      { serial: revoked.serial, status: 'REVOKED', tenant: 'acme', name: revoked.device, reason: 'keyCompromise' },
      { serial: ending.serial, status: 'ACTIVE', tenant: 'acme', name: ending.device, reason: null },
      { serial: later.serial, status: 'SIGNED', tenant: 'acme', name: later.device, reason: null },
    ]),
  );
  const ours = registry.certificates.get(kept.serial);
  const [pem] = await mine(login, 'cert_pem, fingerprint_sha256 AS print', `device_certificates`, `serial_number <> '${kept.serial}'`);
  expect(pem?.['print']).toBe(ours?.fingerprint);
  expect(Buffer.from(String(pem?.['cert_pem']).replace(/-----[^-]+-----|\s/gu, ''), 'base64')).toEqual(ours?.der);
  expect(
    await mine(
      login,
      'kind, severity, common_name AS name, fingerprint_sha256 AS print, days_remaining AS days, expires_at AS ends',
      'alerts',
    ),
  ).toEqual([
    {
      kind: 'CERT_EXPIRING',
      severity: 'HIGH',
      name: ending.device,
      print: registry.certificates.get(ending.serial)?.fingerprint,
      days: 5,
      ends: new Date('2026-06-06T08:00:00.000Z'),
    },
  ]);
  expect(await mine(login, 'crl_number AS number', 'crl_publications')).toEqual([{ number: String(number) }]);
  const [checkpoint] = await mine(login, 'seq, hash', 'audit_checkpoints', 'seq DESC');
  expect(checkpoint).toEqual({ seq: String(registry.store.auditHead().seq), hash: registry.store.auditHead().hash });
  expect(await mine(login, 'name', 'stations')).toEqual([{ name: '' }]);

  const state = (): Promise<unknown> =>
    rows(`SELECT array_agg(xmin::text || ctid ORDER BY serial_number) AS all FROM birthmark.device_certificates WHERE station = $1`, [
      login.station,
    ]);
  const before = await state();
  registry.records.use(recordsName, login.at, 'test');
  expect(sync.view().waiting).toBeGreaterThan(8);
  await settled(sync);
  expect(await state()).toEqual(before);
  expect(await mine(login, 'alert_key', 'alerts')).toHaveLength(1);
});

test('a device name of another station is told and left as it is; its certificates are recorded beside, so that a revocation is never lost', async () => {
  const [first, second] = [newLogin(), newLogin()];
  // One that no other test has.
  const device = 'acme/twice';
  made.registry.store.setSetting('name', 'Line 7');
  made.registry.devices.add({ device, hardwareId: 'ONE', model: 'S1' }, order.id, 'test');
  await settled(await begin(made.registry, first));
  const other = new TestRegistry();
  try {
    other.registry.devices.add({ device, hardwareId: 'ANOTHER', model: 'X9' }, order.id, 'test');
    const serial = other.reserve(device);
    other.sign(serial);
    const sync = await begin(other.registry, second);
    await settled(sync);
    expect(sync.view().problems).toBe(1);
    expect(other.registry.records.problems({ limit: 5 }).rows).toMatchObject([
      {
        kind: 'device',
        key: device,
        failure: { code: 'RECORDS_DEVICE_TAKEN', params: { device, other: `Line 7 (${first.station})` } },
      },
    ]);
    expect(await rows('SELECT station, model FROM birthmark.devices WHERE device_id = $1', ['twice'])).toEqual([
      { station: first.station, model: 'S1' },
    ]);
    expect(await mine(second, 'serial_number AS serial, common_name AS name')).toEqual([{ serial, name: device }]);
    expect(await mine(second, 'alert_key AS key, severity', 'alerts')).toEqual([{ key: `DEVICE_ID_TAKEN/${device}`, severity: 'HIGH' }]);
    await sync.stop();
  } finally {
    other.dispose();
  }
});

test('a registry from a backup takes nothing back: not a revocation, not a list; and what differs is told', async () => {
  const login = newLogin();
  const { registry } = made;
  const { serial } = active();
  publishCrl(registry);
  const backup = mkdtempSync(join(tmpdir(), 'birthmark-backup-'));
  registry.store.db.pragma('wal_checkpoint(TRUNCATE)');
  cpSync(made.dir, backup, { recursive: true });
  registry.certificates.revoke(serial, 'keyCompromise', '', 'officer');
  publishCrl(registry);
  registry.records.checkpoint();
  const sync = await begin(registry, login);
  await settled(sync);
  const [{ sha256 } = {}] = await mine(login, 'sha256', 'crl_publications');
  await sync.stop();

  const old = openRegistry(backup, made.clock);
  try {
    expect(old.certificates.get(serial)?.status).toBe('ACTIVE');
    const restored = await begin(old, login);
    await settled(restored);
    expect(await mine(login, 'status')).toEqual([{ status: 'REVOKED' }]);
    const told = (): unknown[] =>
      old.records
        .problems({ limit: 5 })
        .rows.map(({ failure: { code } }) => code)
        .sort();
    expect(told()).toContain('RECORDS_CRL_NEWER');
    // The same number again, with another content.
    publishCrl(old);
    await expect.poll(told).toContain('RECORDS_CRL_DIFFERS');
    expect(await mine(login, 'crl_number AS number, sha256', 'crl_publications')).toEqual([{ number: '2', sha256 }]);
    publishCrl(old);
    await expect.poll(told).not.toContain('RECORDS_CRL_DIFFERS');
    expect(await mine(login, 'crl_number AS number', 'crl_publications')).toEqual([{ number: '3' }]);
    // Its audit log goes on from an earlier line, with other lines than those that were recorded.
    const { seq } = (await mine(login, 'seq::int AS seq', 'audit_checkpoints', 'seq DESC'))[0] as { seq: number };
    while (old.store.auditHead().seq < seq) old.store.transaction(() => old.store.audit('x', 'x', 'x'));
    old.store.transaction(() => old.store.recorded('audit', String(seq)));
    await expect.poll(told).toContain('RECORDS_AUDIT_DIFFERS');
    await restored.stop();
  } finally {
    old.close();
    rmSync(backup, { recursive: true, force: true });
  }
});

test('one record that the database refuses is set aside with its reason, and all others go on', async () => {
  const login = newLogin();
  const { registry } = made;
  const before = active();
  registry.devices.add({ device: 'acme/bad', hardwareId: 'A\0B', model: 'S1' }, order.id, 'test');
  const after = active();
  // More than one transaction takes, and some of them on their way when the bad one is found.
  const more = Array.from({ length: 2500 }, (_, n) => `more-${String(n)}`);
  registry.store.transaction(() => {
    for (const id of more) registry.devices.add({ device: `acme/${id}`, hardwareId: id, model: 'S1' }, order.id, 'test');
  });
  const sync = await begin(registry, login);
  await settled(sync);
  expect((await mine(login, 'device_id', 'devices')).filter((row) => String(row['device_id']).startsWith('more-'))).toHaveLength(
    more.length,
  );
  // The names of the two others belong to other tests' stations.
  const bad = registry.records.problems({ limit: 5 }).rows.filter(({ failure: { code } }) => code !== 'RECORDS_DEVICE_TAKEN');
  expect(bad).toMatchObject([
    {
      kind: 'device',
      key: 'acme/bad',
      failure: { code: 'RECORDS_NOT_TAKEN', params: { problem: expect.stringContaining('0x00') as string } },
    },
  ]);
  expect((await mine(login, 'serial_number AS serial')).map(({ serial }) => serial).sort()).toEqual([before.serial, after.serial].sort());
});

test('a database that goes away: what waits and since when is told, and goes when it is back', async () => {
  const login = newLogin();
  const { registry } = made;
  const sync = await begin(registry, login);
  await settled(sync);
  await records.server.kill();
  made.clock.pass(60_000);
  const at = registry.now();
  active();
  active();
  expect(await failure(sync)).toMatchObject({ code: 'RECORDS_AWAY' });
  expect(sync.view()).toMatchObject({ state: 'away', waitingSince: at });
  expect(sync.view().waiting).toBeGreaterThan(4);
  await records.server.run();
  await settled(sync);
  expect(await mine(login, 'status')).toEqual([{ status: 'ACTIVE' }, { status: 'ACTIVE' }]);
});

test('every reason why nothing is sent has its name, and nothing is sent then', async () => {
  const good = newLogin();
  const stranger = records.pki.issuer.issue('birthmark:records-ffff0000');
  const refused: [string, RecordsLogin][] = [
    ['RECORDS_UNTRUSTED', { ...good, caPem: records.pki.root.certificatePem }],
    ['RECORDS_UNTRUSTED', { ...good, at: { ...good.at, serverName: 'db.example' } }],
    ['RECORDS_REFUSED', { ...good, station: 'ffff0000' }],
    ['RECORDS_REFUSED', { ...good, ...stranger }],
    ['RECORDS_REFUSED', { ...good, ...stranger, station: 'ffff0000' }],
    ['RECORDS_REFUSED', { ...good, at: { ...good.at, database: 'postgres' } }],
    ['RECORDS_AWAY', { ...good, at: { ...good.at, port: 1 } }],
    ['RECORDS_AWAY', { ...good, at: { ...good.at, host: 'nowhere.invalid' } }],
  ];
  active();
  for (const [code, login] of refused) {
    const sync = start(made.registry, login);
    expect([code, await failure(sync)]).toEqual([code, expect.objectContaining({ code })]);
    expect(sync.view().waiting).toBeGreaterThan(0);
    await sync.stop();
  }
  for (const [version, code] of [
    ['UPDATE birthmark.schema_version SET version = 99 WHERE version = 6', 'RECORDS_SCHEMA_NEWER'],
    ['DELETE FROM birthmark.schema_version WHERE version = 99', 'RECORDS_SCHEMA_OLDER'],
  ] as const) {
    await rows(version);
    const sync = await begin(made.registry, good);
    expect(await failure(sync)).toMatchObject({ code, params: { known: 6 } });
    await sync.stop();
  }
  await rows('INSERT INTO birthmark.schema_version VALUES (6)');
  expect(await mine(good, 'serial_number')).toEqual([]);
  // Somebody with a copy of this station.
  await settled(await begin(made.registry, good));
  const copy = await begin(made.registry, good, false);
  expect(await failure(copy)).toMatchObject({
    code: 'RECORDS_BUSY',
    params: { holder: expect.stringMatching(/^from 127\.0\.0\.1, since 20/u) as string },
  });
  await copy.stop();
  // The same CA, but as another station.
  const thief = start(made.registry, newLogin());
  expect(await failure(thief)).toMatchObject({ code: 'RECORDS_ISSUER_TAKEN', params: { other: good.station } });
});

test('a sync that is stopped while the host says nothing does not wait for it', async () => {
  const { createServer } = await import('node:net');
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((ready) => silent.once('listening', ready));
  const { port } = silent.address() as { port: number };
  const login = newLogin();
  const accepted = new Promise((come) => silent.once('connection', come));
  const sync = start(made.registry, { ...login, at: { ...login.at, port } });
  await accepted;
  await sync.stop();
  silent.close();
});

test('nothing is sent for a CA that nobody registered, and devices wait for their tenant; both go on by themselves when it is done', async () => {
  const login = newLogin();
  const { registry } = made;
  registry.devices.add({ device: 'wait/one', hardwareId: 'W1', model: 'S1' }, order.id, 'test');
  const certificate = made.reserve('wait/one');
  made.sign(certificate);
  registry.certificates.activate(certificate, 'line');
  const sync = start(registry, login);
  expect(await failure(sync)).toEqual({
    code: 'RECORDS_ISSUER_UNREGISTERED',
    params: expect.objectContaining({ issuer: 'CA' }) as unknown,
  });
  expect(await mine(login, 'serial_number')).toEqual([]);

  await records.register(registry, login, 'acme');
  await settled(sync);
  const problems = (): unknown[] => registry.records.problems({ limit: 5 }).rows.map(({ key, failure: { code } }) => [key, code]);
  expect(problems()).toEqual([['wait/one', 'RECORDS_TENANT_UNREGISTERED']]);
  // A revocation must not get lost; nobody is told that it counts.
  expect(await mine(login, 'serial_number AS serial, status')).toEqual([{ serial: certificate, status: 'ACTIVE' }]);
  const status = (): Promise<unknown> => rows(`SELECT birthmark.device_status('wait/one') AS s`);
  expect(await status()).toEqual([{ s: 'UNKNOWN' }]);

  await records.register(registry, login, 'acme', 'wait');
  await expect.poll(problems).toEqual([]);
  await settled(sync);
  expect(await mine(login, 'device_id AS id', 'devices')).toEqual([{ id: 'one' }]);
  expect(await status()).toEqual([{ s: 'ACTIVE' }]);
});

test('what is known of a device is in the columns of its name, and in one object of its tenant’s own fields', async () => {
  const login = newLogin();
  const { registry } = made;
  const fields = { name: 'Pump 7', type: 'pump', location: 'hall 2', firmware: '1.4', 'acme.batch': '77' };
  registry.devices.add({ device: 'acme/described', hardwareId: 'D1', model: 'S1', fields }, order.id, 'test');
  const sync = await begin(registry, login);
  await settled(sync);
  const there = (): Promise<unknown> => mine(login, 'name, type, location, firmware, fields', 'devices');
  expect(await there()).toEqual([{ name: 'Pump 7', type: 'pump', location: 'hall 2', firmware: '1.4', fields: { 'acme.batch': '77' } }]);
  registry.devices.describe('acme/described', { location: 'hall 3', firmware: null }, 'test');
  await expect.poll(there).toEqual([{ name: 'Pump 7', type: 'pump', location: 'hall 3', firmware: null, fields: { 'acme.batch': '77' } }]);
});

test('a row that another session holds stops nothing but its own record, which goes when the row is free', async () => {
  const login = newLogin();
  const { registry } = made;
  const admin = await records.server.admin();
  const other = newLogin();
  await records.server.query('SELECT birthmark.register_tenants($1, $2)', [other.station, 'acme']);
  await admin.query(`BEGIN; INSERT INTO birthmark.devices (tenant_id, device_id, station, model, state, created_at)
    VALUES ('acme', 'held', '${other.station}', 'S1', 'APPROVED', now())`);
  registry.devices.add({ device: 'acme/held', hardwareId: 'H1', model: 'S1' }, order.id, 'test');
  registry.devices.add({ device: 'acme/free', hardwareId: 'H2', model: 'S1' }, order.id, 'test');
  await begin(registry, login);
  const problems = (): unknown[] => registry.records.problems({ limit: 5 }).rows.map(({ key, failure: { code } }) => [key, code]);
  await expect.poll(problems, { timeout: 60_000 }).toEqual([['acme/held', 'RECORDS_RECORD_HELD']]);
  await expect.poll(() => mine(login, 'device_id AS id', 'devices')).toEqual([{ id: 'free' }]);
  await admin.query('ROLLBACK; NOTIFY birthmark_requests');
  await admin.end();
  await expect.poll(() => mine(login, 'device_id AS id', 'devices', 'device_id')).toEqual([{ id: 'free' }, { id: 'held' }]);
  expect(problems()).toEqual([]);
});
