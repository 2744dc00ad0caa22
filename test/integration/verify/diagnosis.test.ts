import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../../src-main/station/broker/mosquitto-process.ts';
import { isFree } from '../../../src-main/station/broker/port.ts';
import { connectAs, type BrokerEndpoint, type TlsIdentity } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki, type TestHost } from '../../support/mosquitto.ts';
import { TestCa } from '../../support/pki.ts';

const day = 86_400_000;
const pki = new TestPki();
const gone = pki.device('acme/gone');
let here: TestHost;
let endpoint: BrokerEndpoint;

beforeAll(async () => {
  here = await testHost(pki);
  await here.host.start();
  await here.host.publish(pki.publication(1, ['acme/a'], [gone]));
  endpoint = here.host.endpoint;
});
afterAll(() => here.close());

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('what a real Mosquitto says over %s', (tlsVersion) => {
  const refused = (identity: TlsIdentity | null, issuersPem = pki.clientCaPem): Promise<unknown> =>
    connectAs(endpoint, identity, { tlsVersion, issuersPem });

  test('to a good certificate: CONNACK 0, for MQTT 5 and 3.1.1', async () => {
    for (const protocolVersion of [5, 4] as const)
      await (await connectAs(endpoint, pki.device('acme/a'), { tlsVersion, protocolVersion })).close();
  });

  test('to a revoked certificate', () => expect(refused(gone)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' }));

  test('to an expired certificate', async () => {
    const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
    const identity = pki.issuer.issue('acme/a', { notBefore: new Date(Date.now() - day), notAfter });
    await expect(refused(identity)).rejects.toMatchObject({ code: 'CERTIFICATE_EXPIRED', params: { notAfter: notAfter.toISOString() } });
  });

  test('to a certificate that begins tomorrow', async () => {
    const identity = pki.issuer.issue('acme/a', { notBefore: new Date(Date.now() + day) });
    await expect(refused(identity)).rejects.toMatchObject({ code: 'CLOCKS_DIFFER' });
  });

  test('to a certificate for another use', () =>
    expect(refused(pki.issuer.issue('acme/a', { kind: 'server' }))).rejects.toMatchObject({
      code: 'CERTIFICATE_WRONG_USE',
      params: { usage: 'serverAuth' },
    }));

  test('to a certificate of a stranger who uses our CA’s name', async () => {
    const identity = new TestCa('Issuer 1').issue('acme/a');
    await expect(refused(identity)).rejects.toMatchObject({ code: 'INVALID_CERTIFICATE_CHAIN' });
  });

  test('to a good chain whose CA was not published', async () => {
    const other = new TestCa('Issuer 2', new TestCa('Other root'));
    await expect(refused(other.issue('acme/a'), other.certificatePem)).rejects.toMatchObject({ code: 'CA_UNKNOWN_TO_BROKER' });
  });

  test('to a client without a certificate', () => expect(refused(null)).rejects.toMatchObject({ code: 'NO_CERTIFICATE_SENT' }));
});

describe('what we say to a broker that is not ours', () => {
  const identity = pki.device('acme/a');

  test('a key of another certificate never leaves', () =>
    expect(connectAs(endpoint, { ...identity, keyPem: gone.keyPem })).rejects.toMatchObject({ code: 'KEY_MISMATCH' }));

  test('a server of another CA', () =>
    expect(connectAs({ ...endpoint, serverCaPem: new TestCa('Broker CA').certificatePem }, identity)).rejects.toMatchObject({
      code: 'BROKER_UNTRUSTED',
    }));

  test('a server with another name', () =>
    expect(connectAs({ ...endpoint, serverName: 'broker.example' }, identity)).rejects.toMatchObject({
      code: 'BROKER_NAME_MISMATCH',
      params: { host: 'broker.example', names: 'localhost, 127.0.0.1' },
    }));

  test('an address instead of a name is checked as well', async () => {
    await (await connectAs({ ...endpoint, serverName: '127.0.0.1' }, identity)).close();
    await expect(connectAs({ ...endpoint, serverName: '127.0.0.2' }, identity)).rejects.toMatchObject({ code: 'BROKER_NAME_MISMATCH' });
  });

  test('a server whose certificate has expired', async () => {
    const server = pki.serverCa.issue('localhost', {
      kind: 'server',
      san: 'DNS:localhost',
      notBefore: new Date(Date.now() - 2 * day),
      notAfter: new Date(Date.now() - day),
    });
    const old = await testHost(pki, { serverCertificatePem: server.certificatePem, serverKeyPem: server.keyPem });
    try {
      await old.host.start();
      await expect(old.host.publish(pki.publication(1, []))).rejects.toMatchObject({
        code: 'CANARY_REFUSED',
        params: { diagnosis: 'BROKER_CERTIFICATE_DATES' },
      });
    } finally {
      await old.close();
    }
  });
});

async function withServer(onConnection: (socket: Socket) => void, work: (at: BrokerEndpoint) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  try {
    await work({ ...endpoint, port: (server.address() as AddressInfo).port });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('when nobody answers', () => {
  const identity = pki.device('acme/a');

  test('a port where nothing listens', async () => {
    let port = 0;
    await withServer(
      () => undefined,
      async (at) => void (port = at.port),
    );
    expect(await isFree('127.0.0.1', port)).toBe(true);
    await expect(connectAs({ ...endpoint, port }, identity)).rejects.toMatchObject({
      code: 'BROKER_REFUSES_CONNECTIONS',
      params: { port, stage: 'connection refused' },
    });
  });

  test('a name that does not exist', () =>
    expect(connectAs({ ...endpoint, host: 'no.such.host.invalid' }, identity)).rejects.toMatchObject({ code: 'BROKER_NAME_UNKNOWN' }));

  test('a port that takes the connection and says nothing', () =>
    withServer(
      () => undefined,
      async (at) => {
        await expect(connectAs(at, identity, { timeoutMs: 100 })).rejects.toMatchObject({
          code: 'BROKER_SILENT',
          params: { stage: 'no answer at tls' },
        });
      },
    ));

  test('a port that closes at once', () =>
    withServer(
      (socket) => socket.destroy(),
      async (at) => {
        await expect(connectAs(at, identity)).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
      },
    ));

  test('something that is neither TLS nor MQTT', () =>
    withServer(
      (socket) => socket.end('220 mail.example ESMTP\r\n'),
      async (at) => {
        await expect(connectAs(at, identity)).rejects.toMatchObject({ code: 'PORT_MODE_MISMATCH' });
      },
    ));

  test('somebody who gives up waiting', async () => {
    const stop = new AbortController();
    await withServer(
      () => stop.abort(),
      async (at) => {
        await expect(connectAs(at, identity, { signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
      },
    );
  });
});

describe('a Mosquitto without TLS', () => {
  let dir: string;
  let broker: ChildProcess;
  let port = 0;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birthmark-plain-'));
    await withServer(
      () => undefined,
      async (at) => void (port = at.port),
    );
    await writeFile(join(dir, 'plain.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n`);
    broker = spawn(findProgram('mosquitto', '/usr/sbin:/usr/local/sbin:/usr/bin') ?? 'mosquitto', ['-c', join(dir, 'plain.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve) =>
      broker.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('running') && resolve()),
    );
  });
  afterAll(async () => {
    const exited = once(broker, 'exit');
    broker.kill();
    await exited;
    await rm(dir, { recursive: true, force: true });
  });

  test('is named for what it is', () =>
    expect(connectAs({ ...endpoint, port }, pki.device('acme/a'))).rejects.toMatchObject({
      code: 'PORT_MODE_MISMATCH',
      params: { found: 'plain MQTT', asked: 'MQTT over TLS' },
    }));
});
