import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadIdentity } from '../../../src-main/station/setup/index.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

/** Profiles by which the station's own certificates are near their end as soon as they are made. */
const resourcesDir = mkdtempSync(join(tmpdir(), 'birthmark-resources-'));
function lasting(days: number): void {
  for (const name of ['service', 'server']) {
    const path = join(resourcesDir, 'profiles', 'certificates', `${name}.json`);
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), validityDays: days }));
  }
}

let station: TestStation;
const serialOf = (name: 'observer' | 'broker'): string =>
  new X509Certificate(loadIdentity(station.dataDir, name).certificatePem).serialNumber;
const alarms = async (): Promise<string[]> => (await station.call('station.status', {})).alarms.map(({ failure }) => failure.code);
beforeAll(async () => {
  cpSync('resources', resourcesDir, { recursive: true });
  lasting(10);
  station = await TestStation.tryOut(1, { resourcesDir });
});
afterAll(async () => {
  await station.dispose();
  rmSync(resourcesDir, { recursive: true, force: true });
});

/** The serial number that the broker shows to a new connection. */
async function shown(): Promise<string> {
  const { port } = (await station.call('broker.status', {})) ?? { port: 0 };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('what ends soon is an alarm until a session for all profiles is open; then the broker takes the new certificate over and nobody is cut off', async () => {
  await station.call('sessions.close', {});
  await station.reopen();
  const before = { observer: serialOf('observer'), broker: serialOf('broker') };
  expect((await alarms()).filter((code) => code === 'STATION_CERTIFICATE_ENDS')).toHaveLength(2);
  expect(await shown()).toBe(before.broker);
  // A session that is for something else renews nothing, and the signer would refuse it.
  await station.openSession({ profiles: ['device'] });
  expect((await station.call('sessions.current', {}))?.profiles).toEqual(['device']);
  await station.call('sessions.close', {});

  lasting(365);
  await station.reopen();
  // A live session of a client goes on over the change.
  const { port } = (await station.call('broker.status', {})) ?? { port: 0 };
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  const endpoint = { host: '127.0.0.1', port, serverName: 'localhost', serverCaPem: root };
  const live = await connectAs(endpoint, loadIdentity(station.dataDir, 'good-canary'));
  let cut = false;
  void live.ended.then(() => (cut = true));
  await station.openSession({ quota: 10 });
  await expect.poll(() => [serialOf('observer'), serialOf('broker')].some((serial) => Object.values(before).includes(serial))).toBe(false);
  await expect.poll(shown).toBe(serialOf('broker'));
  expect(cut).toBe(false);
  await live.close();
  await expect.poll(alarms).not.toContain('STATION_CERTIFICATE_ENDS');

  for (const name of ['observer', 'broker'] as const) {
    const { certificatePem, keyPem } = loadIdentity(station.dataDir, name);
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(certificate.validToDate.getTime() - Date.now()).toBeGreaterThan(300 * 86_400_000);
  }
  expect(new X509Certificate(loadIdentity(station.dataDir, 'broker').certificatePem).subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1',
  );
  await (await connectAs(endpoint, loadIdentity(station.dataDir, 'observer'))).close();
  expect((await station.run(1)).state).toBe('PASS');
  expect(await station.problems()).toEqual([]);
});

test('under these names nothing but the station’s own can be signed', async () => {
  const session = await station.call('sessions.current', {});
  expect(session?.profiles).toEqual(expect.arrayContaining(['device', 'station-observer', 'station-broker']));
  expect((await failureOf(station.call('servers.issue', { dns: ['mqtt.example'], csr: null }))).code).toBe('SESSION_REFUSED');
});
