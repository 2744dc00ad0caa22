import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBroker, type CheckupParts } from '../../../../src-main/station/support/check-up/index.ts';
import { TestPki } from '../../../support/mosquitto.ts';
import { rawMosquitto, type RawMosquitto } from '../../../support/raw-mosquitto.ts';

/** Brokers as administrators set them up, each wrong in one way that the check-up must name. */
const pki = new TestPki();
const running: RawMosquitto[] = [];
const files = {
  'cas.pem': pki.clientCaPem,
  'server.pem': pki.server.certificatePem,
  'server.key': pki.server.keyPem,
  'crl.pem': pki.crlPem(1),
  acl: 'user station-observer\ntopic read tenant/#\ntopic readwrite station/#\ntopic read $SYS/broker/version\n',
};
const openAcl = `${files.acl}pattern read #\n`;
const tls = ['cafile cas.pem', 'certfile server.pem', 'keyfile server.key'];
const safe = [...tls, 'crlfile crl.pem', 'require_certificate true', 'use_identity_as_username true', 'tls_version tlsv1.2'];

const start = async (conf: (...ports: number[]) => readonly string[]): Promise<RawMosquitto> => {
  const broker = await rawMosquitto(conf, { ...files, 'open-acl': openAcl });
  running.push(broker);
  return broker;
};
afterAll(async () => {
  for (const one of running) await one.stop();
});

const parts = (port: number, more: Partial<CheckupParts> = {}): CheckupParts => ({
  endpoint: { host: '127.0.0.1', port, serverName: 'localhost', serverCaPem: pki.serverCa.certificatePem },
  identities: pki.identities,
  issuersPem: pki.clientCaPem,
  crls: [{ issuer: 'Issuer 1', number: 1, nextUpdate: new Date(Date.now() + 3_600_000).toISOString() }],
  mqttPort: null,
  websocketsPort: null,
  isLocal: false,
  now: Date.now(),
  timeoutMs: 5_000,
  ...more,
});
const findings = async (port: number, more: Partial<CheckupParts> = {}): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await checkBroker(parts(port, more))).map(({ name, result, failure }) => [name, failure === null ? result : failure.code]),
  );

describe('a broker that is set up well', () => {
  let broker: RawMosquitto;
  beforeAll(async () => {
    broker = await start((port: number, second: number) => [
      'allow_anonymous false',
      'acl_file acl',
      ...[port, second].flatMap((one) => [`listener ${one} 127.0.0.1`, ...safe]),
    ]);
  });

  test('passes every check, with TLS on its second port', async () => {
    const found = await findings(broker.port, { mqttPort: broker.ports[1] ?? 0 });
    expect(Object.entries(found).filter(([, result]) => result !== 'PASS')).toEqual([['websockets', 'SKIPPED']]);
  });

  test('a list that has expired, and one that nobody here knows', async () => {
    expect(await findings(broker.port, { crls: [{ issuer: 'Issuer 1', number: 1, nextUpdate: new Date(0).toISOString() }] })).toMatchObject(
      { 'revocation list': 'BROKER_CRL_EXPIRED' },
    );
    expect(await findings(broker.port, { crls: null })).toMatchObject({ 'revocation list': 'SKIPPED' });
  });

  test('is not there', async () => {
    expect(await findings(1)).toMatchObject({ tcp: 'BROKER_REFUSES_CONNECTIONS', 'revoked canary refused': 'SKIPPED' });
  });

  test('a station that does not trust it: said as that', async () => {
    const found = await findings(broker.port, { endpoint: { ...parts(broker.port).endpoint, serverCaPem: pki.root.certificatePem } });
    expect(found).toMatchObject({ 'server certificate': 'BROKER_UNTRUSTED' });
  });
});

describe('one mistake each', () => {
  const mistake = (name: string, conf: (port: number) => readonly string[], expected: Record<string, string>): void =>
    test(name, async () => {
      const broker = await start((port: number) => conf(port));
      expect(await findings(broker.port)).toMatchObject(expected);
    });
  const common = ['allow_anonymous false', 'acl_file acl'];

  mistake('no CRL', (port) => [...common, `listener ${port} 127.0.0.1`, ...safe.filter((line) => !line.startsWith('crlfile'))], {
    'revoked canary refused': 'REVOKED_ADMITTED',
  });
  mistake('certificates are not asked for', (port) => [...common, `listener ${port} 127.0.0.1`, ...tls], {
    'client certificate required': 'CERTIFICATE_NOT_REQUIRED',
    'anonymous refused': 'PASS',
  });
  mistake('anybody may come', (port) => ['allow_anonymous true', `listener ${port} 127.0.0.1`, ...tls], {
    'anonymous refused': 'ANONYMOUS_ALLOWED',
    'unknown CA refused': 'UNKNOWN_CA_ADMITTED',
    'access list': 'FOREIGN_TOPIC_ALLOWED',
  });
  mistake('no access list', (port) => ['allow_anonymous false', `listener ${port} 127.0.0.1`, ...safe], {
    'access list': 'FOREIGN_TOPIC_ALLOWED',
  });
  mistake('everybody may read', (port) => ['allow_anonymous false', 'acl_file open-acl', `listener ${port} 127.0.0.1`, ...safe], {
    'access list': 'FOREIGN_TOPIC_ALLOWED',
  });
  mistake(
    'old TLS',
    (port) => [...common, `listener ${port} 127.0.0.1`, ...safe.slice(0, -1), 'tls_version tlsv1.1', 'ciphers DEFAULT@SECLEVEL=0'],
    { 'TLS 1.2 or newer': 'OLD_TLS_ALLOWED' },
  );
  mistake('no TLS', (port) => ['allow_anonymous true', `listener ${port} 127.0.0.1`], { tls: 'PORT_MODE_MISMATCH' });

  test('plain MQTT and websockets beside a good port; certificates over websockets, where the CRL is not looked at', async () => {
    const broker = await start((port: number, plain: number, webPlain: number, web: number) => [
      'per_listener_settings true',
      ...[`listener ${port} 127.0.0.1`, 'allow_anonymous false', 'acl_file acl', ...safe],
      ...[`listener ${plain} 127.0.0.1`, 'allow_anonymous true'],
      ...[`listener ${webPlain} 127.0.0.1`, 'protocol websockets', 'allow_anonymous true'],
      ...[`listener ${web} 127.0.0.1`, 'protocol websockets', 'allow_anonymous false', ...safe],
    ]);
    const [port = 0, plain = 0, webPlain = 0, web = 0] = broker.ports;
    expect(await findings(port, { mqttPort: plain, websocketsPort: webPlain })).toMatchObject({
      'MQTT listener': 'PLAINTEXT_ALLOWED',
      websockets: 'PLAINTEXT_ALLOWED',
    });
    expect(await findings(port, { websocketsPort: web })).toMatchObject({ websockets: 'WEBSOCKETS_IGNORE_CRL' });
    expect(await findings(port, { mqttPort: 1, websocketsPort: 1 })).toMatchObject({ 'MQTT listener': 'PASS', websockets: 'PASS' });
  });
});
