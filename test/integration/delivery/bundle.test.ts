import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BundleState } from '../../../src-main/contract/index.ts';
import { bundleOrder, publishAsDevice, unzip } from '../../support/bundle.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
let station: TestStation;
let order: string;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  order = await bundleOrder(station);
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

const certificate = (serial: string) => station.call('certificates.get', { serial });
const stateOf = async (serial: string): Promise<BundleState | undefined> =>
  (await station.call('bundles.list', { search: serial })).rows[0]?.state;
/** The command of the README, as it stands there. */
const commandIn = (folder: string): string =>
  /(mosquitto_pub[\s\S]+?)\n\n/u.exec(readFileSync(work.path(`${folder}/README.txt`), 'utf8'))?.[1] ?? '';

test('a ZIP: opened with its passphrase, used as its README says, and the certificate is ACTIVE when the device was seen', async () => {
  const made = await station.call('bundles.make', { device: 'acme/gw-1', order });
  const { serial } = made.bundle;
  expect(made).toMatchObject({ bundle: { state: 'DELIVERED', format: 'zip', linkUntil: null }, passphraseBits: 120, revoked: [] });
  expect(made.fileName).toBe(`acme-gw-1-${serial.slice(0, 8)}.zip`);
  expect(await certificate(serial)).toMatchObject({ status: 'SIGNED', keyMadeBy: 'station' });
  expect(Date.parse(made.bundle.proveBy ?? '') - Date.now()).toBeGreaterThan(6.9 * 86_400_000);

  const file = work.write(made.fileName, made.file);
  expect(unzip(file, `${made.passphrase ?? ''}x`, work.path('wrong'))).toBe(false);
  expect(unzip(file, made.passphrase ?? '', work.path('zip'))).toBe(true);
  expect(readdirSync(work.path('zip')).sort()).toEqual(['README.txt', 'broker.json', 'ca.pem', 'certificate.pem', 'chain.pem', 'key.pem']);
  const read = (name: string): string => readFileSync(work.path(`zip/${name}`), 'utf8');
  const leaf = new X509Certificate(read('certificate.pem'));
  expect(leaf.checkPrivateKey(createPrivateKey(read('key.pem')))).toBe(true);
  expect(leaf.subject).toBe('CN=acme/gw-1');
  expect(JSON.parse(read('broker.json'))).toMatchObject({
    host: '127.0.0.1',
    tls: true,
    clientId: 'acme/gw-1',
    topicBase: 'tenant/acme/device/gw-1',
  });
  expect(
    work.openssl(
      'verify',
      '-x509_strict',
      '-purpose',
      'sslclient',
      '-CAfile',
      'zip/ca.pem',
      '-untrusted',
      'zip/chain.pem',
      'zip/certificate.pem',
    ).text,
  ).toContain(': OK');
  expect(await station.problems()).toEqual([]);

  const sent = publishAsDevice(work.path('zip'), commandIn('zip'));
  expect(sent.ok, sent.text).toBe(true);
  await expect.poll(() => stateOf(serial)).toBe('PROVEN');
  expect((await certificate(serial)).status).toBe('ACTIVE');
  const row = (await station.call('devices.list', { search: 'gw-1' })).rows[0];
  expect(row).toMatchObject({ hardwareId: null, proofLevel: 'device-connected', status: 'ACTIVE' });
  expect(await station.problems()).toEqual([]);
});

test('a PKCS#12: the key works with the chain, and its device proves itself by the topic that was told', async () => {
  const passphrase = 'correct horse battery staple';
  const made = await station.call('bundles.make', { device: 'acme/gw-2', order, format: 'p12', keyAlgorithm: 'rsa-2048', passphrase });
  expect(made).toMatchObject({ passphrase: null, passphraseBits: 164 });
  work.write('gw.p12', made.file);
  work.write('pass', passphrase);
  const opened = work.openssl('pkcs12', '-in', 'gw.p12', '-passin', 'file:pass', '-nodes', '-out', 'gw.pem');
  expect(opened.ok, opened.text).toBe(true);
  const pem = readFileSync(work.path('gw.pem'), 'utf8');
  expect(pem.match(/BEGIN CERTIFICATE/gu)).toHaveLength(3);
  expect(createPrivateKey(pem).asymmetricKeyDetails?.modulusLength).toBe(2048);
  const { port } = (await station.call('broker.status', {})) ?? { port: 0 };
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  work.write('root.pem', root);
  await station.call('publication.settle', {});
  const { topic, payload } = made.bundle.proof;
  const as = (rest: string): { ok: boolean; text: string } =>
    publishAsDevice(
      work.dir,
      `mosquitto_pub -h localhost -p ${String(port)} --cafile root.pem --cert gw.pem --key gw.pem -V 5 -q 1 ${rest}`,
    );
  // On its own topic, but not what was asked for; and what was asked for, by another device.
  expect(as(`-t ${topic} -m other`).ok).toBe(true);
  expect(as(`-t ${topic.replace('gw-2', 'gw-1')} -m ${payload}`).text).toMatch(/not authori[sz]ed/iu);
  expect(await stateOf(made.bundle.serial)).toBe('DELIVERED');
  expect(as(`-t ${topic} -m ${payload}`).ok).toBe(true);
  await expect.poll(() => stateOf(made.bundle.serial)).toBe('PROVEN');
});

test('another bundle: the old certificate goes when the new one is proven; of one that is not proven, or lost, at once', async () => {
  const device = 'acme/gw-3';
  const make = async (more: object = {}) => station.call('bundles.make', { device, order, ...more });
  const first = await make();
  const second = await make();
  expect(second.revoked).toEqual([first.bundle.serial]);
  expect((await station.call('bundles.list', { search: first.bundle.serial })).rows[0]).toMatchObject({
    state: 'ENDED',
    why: { code: 'BUNDLE_REPLACED' },
  });
  expect((await station.call('revocations.list', { search: first.bundle.serial })).rows[0]?.reason).toBe('superseded');

  unzip(work.write('second.zip', second.file), second.passphrase ?? '', work.path('second'));
  await station.call('publication.settle', {});
  expect(publishAsDevice(work.path('second'), commandIn('second')).ok).toBe(true);
  await expect.poll(() => stateOf(second.bundle.serial)).toBe('PROVEN');

  const third = await make();
  expect(third.revoked).toEqual([]);
  expect((await certificate(second.bundle.serial)).status).toBe('ACTIVE');
  const fourth = await make({ lost: true });
  expect(fourth.revoked.sort()).toEqual([second.bundle.serial, third.bundle.serial].sort());
  for (const serial of fourth.revoked) expect((await certificate(serial)).reason).toBe('keyCompromise');
  await station.call('publication.settle', {});
  expect(publishAsDevice(work.path('second'), commandIn('second')).ok).toBe(false);
  unzip(work.write('fourth.zip', fourth.file), fourth.passphrase ?? '', work.path('fourth'));
  expect(publishAsDevice(work.path('fourth'), commandIn('fourth')).ok).toBe(true);
  await expect.poll(() => stateOf(fourth.bundle.serial)).toBe('PROVEN');
  expect(await station.problems()).toEqual([]);
});

test('where the profile wants the key made by the device there is no bundle, and no device’s request where it wants the station’s', async () => {
  await bundleOrder(station, 'OWN-KEYS', 'device');
  expect(await failureOf(station.call('bundles.make', { device: 'acme/gw-4', order: 'OWN-KEYS' }))).toMatchObject({
    code: 'KEY_MAKER_REFUSED',
    params: { profile: 'device', wanted: 'device', made: 'station' },
  });
  expect((await station.call('devices.list', { search: 'gw-4' })).total).toBe(0);
  const csr = work.request('own');
  expect(await failureOf(station.call('rotation.begin', { device: 'acme/gw-3', csr, override: 'x' }))).toMatchObject({
    code: 'KEY_MAKER_REFUSED',
    params: { wanted: 'station', made: 'device' },
  });
});

test('what cannot be is refused by name and records nothing', async () => {
  const make = (more: object) => failureOf(station.call('bundles.make', { device: 'acme/gw-5', order, ...more }));
  expect(await make({ passphrase: 'gw-5 gw-5 gw-5 gw-5' })).toMatchObject({ code: 'INVALID_INPUT', params: { field: 'passphrase' } });
  expect(await make({ order: 'NONE' })).toMatchObject({ code: 'NOT_FOUND', params: { kind: 'work order' } });
  expect(await make({ device: 'other/gw-5' })).toMatchObject({ code: 'INVALID_INPUT', params: { field: 'device' } });
  await station.call('sessions.close', {});
  expect((await make({})).code).toBe('SESSION_NONE');
  expect((await station.call('devices.list', { search: 'gw-5' })).total).toBe(0);
  await station.openSession();
});

test('a deadline that passes ends in a revoked certificate', async () => {
  const { bundle } = await station.call('bundles.make', { device: 'acme/gw-6', order });
  await station.stop();
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(`${station.dataDir}/station.db`);
  db.prepare("UPDATE runs SET deadline = '2026-01-01T00:00:00.000Z' WHERE serial = ?").run(bundle.serial);
  db.close();
  await station.reopen();
  await expect.poll(() => stateOf(bundle.serial)).toBe('ENDED');
  expect((await station.call('bundles.list', { search: bundle.serial })).rows[0]?.why?.code).toBe('PROOF_OVERDUE');
  expect((await certificate(bundle.serial)).status).toBe('REVOKED');
});
