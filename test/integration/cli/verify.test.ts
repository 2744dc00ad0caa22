import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPki } from '../../support/mosquitto.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { rawMosquitto, type RawMosquitto } from '../../support/raw-mosquitto.ts';
import { TestStation } from '../../support/station.ts';

/** The station’s own broker, and one that it has never heard of. */
const pki = new TestPki();
let station: TestStation;
let dir: string;
let device: string;
let other: RawMosquitto;

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  device = (await station.run(1)).device ?? '';
  await station.stop();
  dir = station.dataDir;
  other = await rawMosquitto(
    (port: number) => [
      'allow_anonymous false',
      `listener ${port} 127.0.0.1`,
      ...['cafile cas.pem', 'certfile server.pem', 'keyfile server.key', 'crlfile crl.pem', 'require_certificate true'],
      'use_identity_as_username true',
    ],
    {
      'cas.pem': pki.clientCaPem,
      'server.pem': pki.server.certificatePem,
      'server.key': pki.server.keyPem,
      'crl.pem': pki.crlPem(1),
      'ca.pem': pki.serverCa.certificatePem,
      'good.pem': pki.identities.goodCanary.certificatePem,
      'good.key': pki.identities.goodCanary.keyPem,
      'bad.pem': pki.identities.revokedCanary.certificatePem,
      'bad.key': pki.identities.revokedCanary.keyPem,
    },
  );
});
afterAll(async () => {
  await other.stop();
  await station.dispose();
});

const tryBroker = async (...args: string[]): Promise<{ code: number | null; json: Record<string, unknown> }> => {
  const result = await birthmark(['broker', 'try', '--data', dir, '--json', ...args]);
  return { code: result.code, json: jsonOf(result) };
};
const elsewhere = (): string[] => [
  '--host',
  '127.0.0.1',
  '--port',
  String(other.port),
  '--server-name',
  'localhost',
  '--ca',
  join(other.dir, 'ca.pem'),
];
const pem = (name: string): string[] => ['--cert', join(other.dir, `${name}.pem`), '--key', join(other.dir, `${name}.key`)];

test('another broker, as one of its clients: with both chains and a time for each step', async () => {
  const { code, json } = await tryBroker(...elsewhere(), ...pem('good'));
  expect(code).toBe(0);
  expect(json).toMatchObject({
    verdict: 'PASS',
    diagnosis: null,
    protocol: 'TLSv1.3',
    serverChain: [{ subject: 'CN=localhost', problem: null }, {}],
    clientChain: [{}],
  });
});

test('a revoked one: exit code 5, the cause, the next step, and the link that broke', async () => {
  const { code, json } = await tryBroker(...elsewhere(), ...pem('bad'), '--tls', '1.2', '--mqtt', '3.1.1');
  expect(code).toBe(5);
  expect(json).toMatchObject({ diagnosis: { code: 'CERTIFICATE_REVOKED', who: 'technician' }, clientChain: [{ problem: 'revoked' }] });
});

test('without the CA of that broker we do not trust it, and never offer to ignore that', async () => {
  const result = await birthmark([
    'broker',
    'try',
    '--data',
    dir,
    '--host',
    '127.0.0.1',
    '--port',
    String(other.port),
    '--server-name',
    'localhost',
    ...pem('good'),
  ]);
  expect(result.code).toBe(5);
  expect(result.stderr).toContain('CN=Broker CA');
  expect(result.stderr.toLowerCase()).not.toContain('ignore');
});

test('a device that keeps its key: only the unit itself can, in its slot', async () => {
  const { code, json } = await tryBroker('--device', device);
  expect(code).toBe(0);
  expect(json).toMatchObject({ verdict: 'PASS', device, slot: 1, connected: true });
  expect(await tryBroker('--device', 'acme/unknown')).toMatchObject({ code: 2, json: { error: { code: 'DEVICE_KEY_NEEDED' } } });
});

test('options that do not go together, and files that are none', async () => {
  expect((await tryBroker('--port', '1883')).json).toMatchObject({ error: { code: 'INVALID_INPUT', params: { field: '--port' } } });
  expect((await tryBroker('--cert', join(other.dir, 'good.pem'))).json).toMatchObject({ error: { params: { field: '--key' } } });
  expect((await tryBroker(...pem('good').slice(0, 3), join(other.dir, 'bad.key'))).json).toMatchObject({ error: { code: 'KEY_MISMATCH' } });
  expect((await tryBroker('--cert', join(other.dir, 'cas.key'), '--key', 'x')).json).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
  expect((await tryBroker('--tls', '1.4')).json).toMatchObject({ error: { params: { field: '--tls' } } });
});

test('broker check: the station’s own passes; another that does not know our CA is told apart', async () => {
  const own = await birthmark(['broker', 'check', '--data', dir, '--json']);
  expect(own.code).toBe(0);
  expect(jsonOf(own)).toMatchObject({ verdict: 'PASS' });
  const foreign = await birthmark([
    'broker',
    'check',
    '--data',
    dir,
    '--json',
    ...elsewhere(),
    '--mqtt-port',
    '0',
    '--websockets-port',
    '0',
  ]);
  expect(foreign.code).toBe(5);
  const { checks } = jsonOf(foreign) as { checks: { name: string; failure: { code: string } | null }[] };
  expect(checks.find(({ name }) => name === 'good canary let in')?.failure).toMatchObject({ code: 'CA_UNKNOWN_TO_BROKER' });
});

test('why: nothing here for a good device that connects; the cause for one that nobody knows; what a device reports', async () => {
  const ask = async (...args: string[]): Promise<Record<string, unknown>> =>
    jsonOf(await birthmark(['why', '--data', dir, '--json', ...args]));
  expect(await ask(device)).toMatchObject({ verdict: 'PASS', diagnosis: { code: 'DEVICE_CONNECTS' } });
  expect(await ask('acme/nobody', '--offline')).toMatchObject({ verdict: 'FAIL', diagnosis: { code: 'NOT_FOUND' } });
  expect(await ask(device, '--offline', '--said', 'alert 45')).toMatchObject({ diagnosis: { code: 'BROKER_CRL_EXPIRED' } });
});
