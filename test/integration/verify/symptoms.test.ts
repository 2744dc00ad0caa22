import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failure } from '../../../src-main/contract/index.ts';
import {
  connectAs,
  verifyConnection,
  type BrokerEndpoint,
  type ConnectOptions,
  type TlsIdentity,
} from '../../../src-main/station/verify/index.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { TestCa } from '../../support/pki.ts';
import { rawMosquitto, type RawMosquitto } from '../../support/raw-mosquitto.ts';

/** The symptom table of the design, each row on a real broker that was set up wrong in that way. */
const pki = new TestPki();
const device = pki.device('acme/a');
const revoked = pki.device('acme/gone');
const keys = { cert: pki.server.certificatePem, key: pki.server.keyPem };
const day = 86_400_000;
let broker: RawMosquitto;
let running: RawMosquitto[] = [];

const files = {
  'cas.pem': pki.clientCaPem,
  'server.pem': pki.server.certificatePem,
  'server.key': pki.server.keyPem,
  'crl.pem': pki.crlPem(1, [revoked]),
  acl: 'user acme/a\ntopic readwrite tenant/acme/device/a/#\n',
};
const tls = ['cafile cas.pem', 'certfile server.pem', 'keyfile server.key'];
const mtls = [...tls, 'require_certificate true', 'use_identity_as_username true', 'crlfile crl.pem', 'tls_version tlsv1.2'];

const start = async (conf: (port: number) => readonly string[], more: Record<string, string> = {}): Promise<RawMosquitto> => {
  const one = await rawMosquitto((port: number) => ['allow_anonymous false', 'acl_file acl', ...conf(port)], { ...files, ...more });
  running.push(one);
  return one;
};
const listener = (port: number): readonly string[] => [`listener ${port} 127.0.0.1`, ...mtls];
const at = (port: number): BrokerEndpoint => ({
  host: '127.0.0.1',
  port,
  serverName: 'localhost',
  serverCaPem: pki.serverCa.certificatePem,
});

beforeAll(async () => {
  broker = await start(listener);
});
afterAll(async () => {
  for (const one of running) await one.stop();
  running = [];
});

const failure = async (port: number, identity: TlsIdentity | null, options: ConnectOptions = {}): Promise<Failure> => {
  try {
    await (await connectAs(at(port), identity, { issuersPem: pki.clientCaPem, ...options })).close();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it was let in');
};

const ways = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((tlsVersion) =>
  ([4, 5] as const).map((protocolVersion) => ({ tlsVersion, protocolVersion })),
);

describe.each(ways)('over $tlsVersion, MQTT version $protocolVersion', (way) => {
  test('alert 44: revoked', async () => {
    expect(await failure(broker.port, revoked, way)).toMatchObject({
      code: 'CERTIFICATE_REVOKED',
      detail: expect.stringContaining('44') as string,
    });
  });

  test('alert 45, own end past: expired', async () => {
    const old = pki.issuer.issue('acme/a', { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) });
    expect(await failure(broker.port, old, way)).toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
  });

  test('alert 45, own dates good: the broker’s CRL has expired, and one has to be published', async () => {
    const stale = await start(listener, {
      'crl.pem': pki.crlPem(1, [], { thisUpdate: new Date(Date.now() - 2 * day), nextUpdate: new Date(Date.now() - day) }),
    });
    expect(await failure(stale.port, device, way)).toMatchObject({ code: 'BROKER_CRL_EXPIRED' });
  });

  test('alert 45, the CA has expired: neither the device nor the CRL', async () => {
    const ca = expiringCa();
    const stale = await start(listener, { 'cas.pem': ca.pem, 'crl.pem': ca.crl });
    expect(await failure(stale.port, ca.leaf, { ...way, issuersPem: ca.pem })).toMatchObject({ code: 'CA_EXPIRED' });
  });

  test('alert 42, begins tomorrow: clocks differ', async () => {
    const early = pki.issuer.issue('acme/a', { notBefore: new Date(Date.now() + day) });
    expect(await failure(broker.port, early, way)).toMatchObject({ code: 'CLOCKS_DIFFER' });
  });

  test('alert 48, another CA under our CA’s name: the chain is broken', async () => {
    const stranger = new TestCa('Issuer 1').issue('acme/a');
    expect(await failure(broker.port, stranger, way)).toMatchObject({ code: 'INVALID_CERTIFICATE_CHAIN' });
  });

  test('alert 48, a good chain of a CA that was never published', async () => {
    const other = new TestCa('Issuer 2', pki.root);
    expect(
      await failure(broker.port, other.issue('acme/a'), { ...way, issuersPem: pki.root.certificatePem + other.certificatePem }),
    ).toMatchObject({
      code: 'CA_UNKNOWN_TO_BROKER',
      params: { issuer: 'CN=Issuer 2' },
    });
  });

  test('alert 48, the CA is known and has no CRL', async () => {
    const other = new TestCa('Issuer 2', pki.root);
    const half = await start(listener, { 'cas.pem': pki.clientCaPem + other.certificatePem });
    expect(await failure(half.port, other.issue('acme/a'), way)).toMatchObject({ code: 'CA_UNKNOWN_TO_BROKER' });
  });

  test('alert 40 or 116: no certificate', async () => {
    expect(await failure(broker.port, null, way)).toMatchObject({ code: 'NO_CERTIFICATE_SENT' });
  });

  test('thrown at once: certificate and key do not belong together', async () => {
    expect(await failure(broker.port, { ...device, keyPem: revoked.keyPem }, way)).toMatchObject({ code: 'KEY_MISMATCH' });
  });

  test('a server of another CA, with who issued it', async () => {
    const serverCaPem = new TestCa('Other CA').certificatePem;
    await expect(connectAs({ ...at(broker.port), serverCaPem }, device, way)).rejects.toMatchObject({
      code: 'BROKER_UNTRUSTED',
      params: { subject: 'CN=localhost', issuer: 'CN=Broker CA' },
    });
  });

  test('a server for another name, with the names it has', async () => {
    await expect(connectAs({ ...at(broker.port), serverName: 'mqtt.acme.example' }, device, way)).rejects.toMatchObject({
      code: 'BROKER_NAME_MISMATCH',
      params: { names: 'localhost, 127.0.0.1' },
    });
  });

  test('CONNACK 5 / 135: login refused', async () => {
    const withPasswords = await start((port) => [`listener ${port} 127.0.0.1`, ...tls, 'password_file users'], { users: '' });
    for (const login of [{ username: 'acme/a', password: 'wrong' }])
      expect(await failure(withPasswords.port, null, { ...way, login })).toMatchObject({ code: 'LOGIN_REFUSED' });
    expect(await failure(withPasswords.port, null, way)).toMatchObject({ code: 'LOGIN_REFUSED' });
  });

  test('CONNACK 0 and not in the access list: valid, never synced', async () => {
    const found = await verifyConnection(at(broker.port), pki.device('acme/new'), { ...way, device: 'acme/new', timeoutMs: 1_000 });
    expect(found.steps.find(({ name }) => name === 'login')).toMatchObject({ result: 'PASS' });
    expect(found.diagnosis).toMatchObject({ code: 'CERTIFICATE_NOT_FOUND', params: { device: 'acme/new' } });
  });

  test('a good device: every step, both chains, a time for each stage', async () => {
    const found = await verifyConnection(at(broker.port), device, { ...way, device: 'acme/a', issuersPem: pki.clientCaPem });
    expect(found.diagnosis).toBeNull();
    expect(found.protocol).toBe(way.tlsVersion);
    expect(found.serverChain.map(({ subject, problem }) => `${subject} ${String(problem)}`)).toEqual([
      'CN=localhost null',
      'CN=Broker CA null',
    ]);
    expect(found.clientChain).toMatchObject([{ subject: 'CN=acme/a', problem: null }]);
    expect(found.steps.find(({ name }) => name === 'tls')?.ms).toBeGreaterThan(0);
    expect(found.steps.find(({ name }) => name === 'isolation')?.result).toBe(way.protocolVersion === 5 ? 'PASS' : 'SKIPPED');
  });

  test('refused, and still both chains are there', async () => {
    const found = await verifyConnection(at(broker.port), revoked, { ...way, issuersPem: pki.clientCaPem });
    expect(found.serverChain[0]).toMatchObject({ subject: 'CN=localhost', problem: null });
    expect(found.clientChain[0]).toMatchObject({ problem: 'revoked' });
    expect(found.steps.map(({ name, result }) => `${name}: ${result}`).slice(0, 5)).toEqual([
      'name: PASS',
      'tcp: PASS',
      'tls: PASS',
      'server certificate: PASS',
      'login: FAIL',
    ]);
  });
});

/** A root whose certificate ended yesterday, with a leaf and a CRL that are good. */
function expiringCa(): { pem: string; crl: string; leaf: TlsIdentity } {
  const ca = new TestCa('Old CA');
  const dir = broker.dir;
  writeFileSync(join(dir, 'old.key'), ca.keyPem);
  const made = execFileSync('openssl', ['req', '-new', '-key', 'old.key', '-subj', '/CN=Old CA'], { cwd: dir });
  writeFileSync(join(dir, 'old.csr'), made);
  writeFileSync(
    join(dir, 'old.cnf'),
    'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n',
  );
  execFileSync(
    'openssl',
    ['x509', '-req', '-in', 'old.csr', '-signkey', 'old.key', '-days', '-1', '-extfile', 'old.cnf', '-out', 'old.pem'],
    { cwd: dir, stdio: 'ignore' },
  );
  const pem = execFileSync('cat', [join(dir, 'old.pem')]).toString();
  return { pem, crl: ca.crl({ number: 1 }), leaf: ca.issue('acme/a') };
}

test('alert 70: the version is too old, which is one thing, and a broker that has only old ones is another', async () => {
  expect(await failure(broker.port, device, { tlsVersion: 'TLSv1.1' })).toMatchObject({
    code: 'TLS_TOO_OLD',
    params: { offered: 'TLSv1.1' },
  });
  const newOnly = await start((port) => [...listener(port).slice(0, -1), 'tls_version tlsv1.3']);
  expect(await failure(newOnly.port, device, { tlsVersion: 'TLSv1.2' })).toMatchObject({ code: 'TLS_TOO_OLD' });
  const oldOnly = createTls({ ...keys, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, () => undefined);
  await serving(oldOnly, async (port) => {
    expect(await failure(port, device)).toMatchObject({ code: 'BROKER_TLS_TOO_OLD' });
    expect(await failure(port, device, { tlsVersion: 'TLSv1.2' })).toMatchObject({ code: 'BROKER_TLS_TOO_OLD' });
  });
});

test('a CRL whose signature is not right: nothing is wrong with the device', async () => {
  const odd = await start(listener, { 'crl.pem': crlOfImposter() });
  expect(await failure(odd.port, device, { tlsVersion: 'TLSv1.2' })).toMatchObject({
    code: 'SIGNATURE_MISMATCH',
    params: { issuer: 'CN=Issuer 1' },
  });
  expect(await failure(odd.port, device)).toMatchObject({ code: 'SIGNATURE_MISMATCH' });
});

/** Issuer name and key identifier as ours, signature by another key. */
function crlOfImposter(): string {
  const good = Buffer.from(pki.crlPem(5).replace(/-----[^-]+-----/gu, ''), 'base64');
  good[good.length - 3] = (good[good.length - 3] ?? 0) ^ 1;
  return `-----BEGIN X509 CRL-----\n${good.toString('base64').replace(/(.{64})/gu, '$1\n')}\n-----END X509 CRL-----\n`;
}

async function serving(server: Server, work: (port: number) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test('v5 disconnect 152, and 3.1.1 without a word: ended by the administrator, by the plugin that does so', async () => {
  const plugin = readdirSync('/usr/lib')
    .filter((folder) => folder.endsWith('-linux-gnu'))
    .flatMap((folder) => readdirSync(join('/usr/lib', folder)).map((file) => join('/usr/lib', folder, file)))
    .find((path) => path.endsWith('mosquitto_dynamic_security.so'));
  execFileSync('mosquitto_ctrl', ['dynsec', 'init', join(broker.dir, 'dynsec.json'), 'admin', 'secret']);
  const control = await rawMosquitto(
    (port: number, plain: number) => [
      'per_listener_settings false',
      'allow_anonymous false',
      `plugin ${plugin ?? 'missing'}`,
      'plugin_opt_config_file dynsec.json',
      ...listener(port),
      `listener ${plain} 127.0.0.1`,
    ],
    { ...files, 'dynsec.json': readFileSync(join(broker.dir, 'dynsec.json'), 'utf8') },
  );
  running.push(control);
  const ctrl = (...words: string[]): Buffer =>
    execFileSync('mosquitto_ctrl', ['-h', '127.0.0.1', '-p', String(control.ports[1]), '-u', 'admin', '-P', 'secret', 'dynsec', ...words]);
  ctrl('createClient', 'acme/a', '-p', 'unused');
  const live = await connectAs(at(control.port), device);
  ctrl('disableClient', 'acme/a');
  expect(await live.ended).toMatchObject({ code: 'SESSION_ENDED_BY_ADMINISTRATOR' });
  // It is no revocation: who has a certificate comes straight back.
  const again = await connectAs(at(control.port), device, { protocolVersion: 4 });
  ctrl('enableClient', 'acme/a');
  ctrl('disableClient', 'acme/a');
  expect(await again.ended).toMatchObject({ code: 'BROKER_CLOSED' });
});

describe('ports where something else speaks', () => {
  const found = (name: string, make: () => Server, expected: object): void =>
    test(name, () => serving(make(), async (port) => expect(await failure(port, device, { timeoutMs: 2_000 })).toMatchObject(expected)));
  const mismatch = (what: string): object => ({ code: 'PORT_MODE_MISMATCH', params: { found: what } });

  found('a web server', () => createHttp((_, answer) => answer.end('hello')), mismatch('HTTP'));
  found('an echo', () => createServer((socket) => socket.pipe(socket)), mismatch('an echo of what it is sent'));
  found('SSH', () => createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')), mismatch('SSH'));
  found('mail', () => createServer((socket) => socket.write('220 mail.example ESMTP\r\n')), mismatch('SMTP or FTP'));
  found('a web server over TLS', () => createHttps(keys, (_, answer) => answer.end('hello')), mismatch('HTTP over TLS'));
  found('an echo over TLS', () => createTls(keys, (socket) => socket.pipe(socket)), mismatch('an echo of what it is sent over TLS'));
  found('TLS and then silence', () => createTls(keys, () => undefined), {
    code: 'BROKER_SILENT',
    params: { stage: 'no answer at connect' },
  });
  found('TLS and then the end', () => createTls(keys, (socket) => socket.end()), { code: 'BROKER_CLOSED', params: { stage: 'the login' } });
  found('silence', () => createServer(() => undefined), { code: 'BROKER_SILENT', params: { stage: 'no answer at tls' } });
  found('the end at once', () => createServer((socket) => socket.destroy()), {
    code: 'BROKER_CLOSED',
    params: { stage: 'the TLS handshake' },
  });
  found(
    'random bytes',
    () => createServer((socket) => socket.end(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))),
    mismatch('something that is neither TLS nor MQTT'),
  );
  found(
    'ciphers that we do not have',
    () => createTls({ ...keys, ciphers: 'PSK-AES128-CBC-SHA256', maxVersion: 'TLSv1.2' }, () => undefined),
    { code: 'TLS_REFUSED', params: { alert: 40 } },
  );

  test('MQTT over websockets, with TLS', async () => {
    // A Mosquitto that has nothing else does not start.
    const ws = await rawMosquitto(
      (other: number, port: number) => [`listener ${other} 127.0.0.1`, `listener ${port} 127.0.0.1`, 'protocol websockets', ...tls],
      files,
    );
    running.push(ws);
    expect(await failure(ws.ports[1] ?? 0, device, { timeoutMs: 3_000 })).toMatchObject(mismatch('MQTT over websockets over TLS'));
  });

  test('MQTT without TLS: also seen as plaintext by the check of a TLS port', async () => {
    const plain = await start((port) => [`listener ${port} 127.0.0.1`]);
    expect(await failure(plain.port, device)).toMatchObject(mismatch('plain MQTT'));
    const { steps } = await verifyConnection(at(plain.port), device);
    expect(steps.at(-1)).toMatchObject({ name: 'plain TCP refused', result: 'FAIL', failure: { code: 'PLAINTEXT_ALLOWED' } });
  });

  test('a black hole: a full backlog drops SYNs, as a firewall does', async () => {
    const program =
      'import socket,sys,time\ns=socket.socket();s.bind(("127.0.0.1",0));s.listen(0)\nfill=[socket.socket() for _ in range(4)]\n' +
      'for f in fill: f.setblocking(False); f.connect_ex(s.getsockname())\n' +
      // The kernel tells how many connections wait to be accepted: with one the queue of a backlog of none is full.
      'port=s.getsockname()[1]\nfull=lambda: any(int(l.split()[4].split(":")[1],16)>0 for l in open("/proc/net/tcp") if l.split()[3]=="0A" and l.split()[1].endswith(":%04X"%port))\n' +
      'while not full(): pass\nprint(port,flush=True);time.sleep(60)';
    const hole = spawn('python3', ['-c', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(hole.stdout.setEncoding('utf8'), 'data')) as [string];
    try {
      expect(await failure(Number(line), device, { timeoutMs: 500 })).toMatchObject({
        code: 'BROKER_SILENT',
        params: { stage: 'no answer at tcp' },
      });
    } finally {
      hole.kill('SIGKILL');
    }
  });
});
