import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAs, type BrokerEndpoint, type Connection, type TlsIdentity } from '../../../src-main/station/verify/index.ts';
import { tryOutPin } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf, type CliResult } from '../../support/birthmark.ts';
import { freePort } from '../../support/raw-mosquitto.ts';
import { TestStation } from '../../support/station.ts';

/** A whole station whose broker takes passwords beside certificates, by contract calls only. */
let station: TestStation;
let endpoint: BrokerEndpoint;
let passwordPort: number;
const device = 'acme/SIMPLE-1';
const settled = (): Promise<unknown> => station.call('publication.settle', {});
const login = (username: string, password: string): Promise<Connection> =>
  connectAs({ ...endpoint, port: passwordPort }, null, { login: { username, password } });

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await expect(station.call('logins.device', { device, deviceProfile: 'reference-agent' })).rejects.toMatchObject({
    code: 'PASSWORDS_OFF',
  });
  passwordPort = await freePort();
  await station.call('logins.listen', { port: passwordPort });
  await station.reopen();
  await station.openSession({ profiles: ['device', 'service'], quota: 20 });
  const view = await station.call('broker.status', {});
  const pem = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  endpoint = { host: '127.0.0.1', port: view?.port ?? 0, serverName: 'localhost', serverCaPem: pem };
  const simple = JSON.parse(readFileSync('resources/profiles/devices/reference-agent.json', 'utf8')) as object;
  await station.call('deviceProfiles.add', { text: JSON.stringify({ ...simple, name: 'simple', passwordLogin: true }) });
  await station.call('devices.register', { device });
  await station.call('devices.approve', { devices: [device], reason: 'test' });
});
afterAll(() => station.dispose());

test('a password where the device profile says so, shown as what it is; the tenant can turn it off', async () => {
  await expect(station.call('logins.device', { device, deviceProfile: 'reference-agent' })).rejects.toMatchObject({
    code: 'PASSWORDS_NOT_ALLOWED',
  });
  const given = await station.call('logins.device', { device, deviceProfile: 'simple' });
  expect(given).toMatchObject({ username: device, port: passwordPort, topics: 'tenant/acme/device/SIMPLE-1/#' });
  await settled();
  const live = await login(device, given.password);
  await live.publish('tenant/acme/device/SIMPLE-1/x', 'on');
  expect((await station.call('station.status', {})).alarms).toContainEqual(expect.objectContaining({ id: 'passwords', level: 'warning' }));
  await station.call('logins.tenant', { tenant: 'acme', mode: 'certificates', reason: 'all have certificates' });
  await settled();
  await live.ended;
  await expect(login(device, given.password)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
  expect(await station.call('logins.list', {})).toMatchObject({ rows: [{ username: device, refusal: 'tenant' }] });
});

test('passwords instead of certificates, until an end, with a warning; a revocation ends the password as well', async () => {
  const passed = await station.run(1);
  const made = passed.device ?? '';
  await station.call('logins.tenant', { tenant: 'acme', mode: 'both', reason: 'test' });
  const given = await station.call('logins.device', { device: made, deviceProfile: 'simple' });
  await settled();
  await expect(login(made, given.password)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
  await station.call('logins.tenant', { tenant: 'acme', mode: 'passwords', hours: 1, reason: 'the CA is away' });
  await settled();
  const live = await login(made, given.password);
  expect((await station.call('station.status', {})).alarms).toContainEqual(expect.objectContaining({ id: 'passwords-acme' }));
  await station.call('revocations.revoke', { selector: { device: made }, reason: 'keyCompromise' });
  await settled();
  await live.ended;
  await expect(login(made, given.password)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
  expect(await station.call('broker.reconcile', {})).toMatchObject({ verdict: 'PASS' });
});

test('a service with a certificate of its own; taken away, it is revoked', async () => {
  const read = 'tenant/acme/#';
  await expect(station.call('logins.certificate', { name: 'ingest', csr: null })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await station.call('logins.service', { name: 'ingest', reads: [read], writes: [], password: false })).toMatchObject({
    password: null,
  });
  const { pem, keyPem, username } = await station.call('logins.certificate', { name: 'ingest', csr: null });
  await settled();
  const identity: TlsIdentity = { certificatePem: pem, keyPem: keyPem ?? '' };
  const live = await connectAs(endpoint, identity);
  const heard = new Promise<string>((resolve) => live.onMessage(({ topic }) => resolve(topic)));
  await live.subscribe(read);
  await station.unplug(1);
  await station.run(1, { hardwareId: 'HW-HEARD' });
  expect(await heard).toMatch(/^tenant\/acme\/device\//u);
  await expect(live.publish('tenant/acme/x', '1')).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
  await station.call('logins.remove', { username });
  await settled();
  await live.ended;
  await expect(connectAs(endpoint, identity)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  expect(readFileSync(join(station.dataDir, 'broker', 'current', 'access-list'), 'utf8')).not.toContain('ingest');
  expect(await station.problems()).toEqual([]);
});

test('the same by the command line: a password is printed once, a service gets its files, everything is listed', async () => {
  await station.stop();
  const login = (...args: string[]): Promise<CliResult> => birthmark(['logins', ...args, '--data', station.dataDir], { input: tryOutPin });
  const given = jsonOf(await login('add-device', device, '--device-profile', 'simple', '--json'));
  expect(given).toMatchObject({ username: device, port: passwordPort, password: expect.stringMatching(/^\S{20,}$/u) as string });
  const refused = await login('add-device', device, '--device-profile', 'reference-agent');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('PASSWORDS_NOT_ALLOWED');
  const made = await login('add-service', 'dashboard', '--read', 'tenant/acme/#', '--json');
  expect(jsonOf(made)).toMatchObject({ username: 'birthmark:dashboard', password: null });
  const [out, key] = [join(station.dataDir, 'dashboard.pem'), join(station.dataDir, 'dashboard.key')];
  expect(await login('certify', 'dashboard', '--out', out, '--make-key', key, '--pin-file', '-')).toMatchObject({ code: 0 });
  expect(createPublicKey(readFileSync(out)).equals(createPublicKey(readFileSync(key)))).toBe(true);
  const listed = await login('list', '--json');
  expect(jsonOf(listed)).toMatchObject({
    passwordPort,
    rows: expect.arrayContaining([expect.objectContaining({ username: device })]) as unknown,
  });
  expect(listed.stdout).not.toContain(String(given['password']));
  expect((await login('set-tenant', 'acme', '--mode', 'none')).code).toBe(2);
  expect((await login('remove', 'birthmark:dashboard')).code).toBe(0);
  expect((await login()).stdout).not.toContain('dashboard');
});
