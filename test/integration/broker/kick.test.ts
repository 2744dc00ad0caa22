import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kickSessions } from '../../../src-main/station/broker/kick.ts';
import { SessionLog } from '../../../src-main/station/broker/session-log.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki, type TestHost } from '../../support/mosquitto.ts';
import type { TestIdentity } from '../../support/pki.ts';

const pki = new TestPki();
let here: TestHost;
let number = 0;
const revoked: TestIdentity[] = [];

/** What is revoked stays revoked. */
function publish(devices: readonly string[], ...more: TestIdentity[]) {
  revoked.push(...more);
  number += 1;
  return here.host.publish(pki.publication(number, devices, revoked));
}

beforeAll(async () => {
  here = await testHost(pki);
  await here.host.start();
});
afterAll(() => here.close());
beforeEach(() => publish(['acme/a', 'acme/b']));

const hostileIds = [
  "x (p5, c1, k60, u'acme/b').",
  'x disconnected.',
  'x disconnected: Protocol error.',
  'x already connected, closing old connection.',
  'Client x closed its connection.',
  'line\u2028separator',
  '+/#',
  ' ',
  'é'.repeat(100),
];

test('ends every session of a username, whatever the client called itself', async () => {
  const identity = pki.device('acme/a');
  const sessions = [];
  for (const clientId of hostileIds) sessions.push(await connectAs(here.host.endpoint, identity, { clientId }));
  const old = await connectAs(here.host.endpoint, identity, { clientId: 'speaks 3.1.1', protocolVersion: 4 });
  const innocent = await connectAs(here.host.endpoint, pki.device('acme/b'), { clientId: 'x' });
  await publish(['acme/b'], identity);
  const results = await here.host.kick(['acme/a', 'acme/nobody']);
  expect(results).toMatchObject([
    { username: 'acme/a', ended: hostileIds.length + 1 },
    { username: 'acme/nobody', ended: 0 },
  ]);
  await Promise.all([...sessions, old].map(({ ended }) => ended));
  await innocent.publish('tenant/acme/device/b/state', 'still here');
  await innocent.close();
});

test('a session that passed the new CRL is left alone', async () => {
  const old = pki.device('acme/b');
  const renewed = pki.device('acme/b');
  const before = await connectAs(here.host.endpoint, old, { clientId: 'old' });
  await publish(['acme/b'], old);
  const after = await connectAs(here.host.endpoint, renewed, { clientId: 'renewed' });
  expect(await here.host.kick(['acme/b'])).toMatchObject([{ ended: 1 }]);
  await before.ended;
  await after.publish('tenant/acme/device/b/state', 'still here');
  await after.close();
});

/** MQTT 5 CONNECT, clean start, written by hand: it goes out when the test says so. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([Buffer.from([0, 4]), Buffer.from('MQTT'), Buffer.from([5, 2, 0, 60, 0, 0, id.length]), id]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

function handshake(identity: { certificatePem: string; keyPem: string }): Promise<TLSSocket> {
  const { host, port, serverCaPem, serverName } = here.host.endpoint;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: serverCaPem, servername: serverName, cert: identity.certificatePem, key: identity.keyPem });
    socket.once('error', reject);
    socket.once('secureConnect', () => resolve(socket));
  });
}

test('a handshake from before the revocation that says CONNECT only afterwards is ended too', async () => {
  const identity = pki.device('acme/a');
  const socket = await handshake(identity);
  // Until the broker has answered another client, it may not have accepted this one.
  await (await connectAs(here.host.endpoint, pki.device('acme/b'))).close();
  await publish(['acme/b'], identity);
  expect(await here.host.kick(['acme/a'])).toMatchObject([{ ended: 0 }]);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const first = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(connectPacket('late'));
  // CONNACK 0: the broker itself lets it in.
  expect((await first).subarray(0, 1).toString('hex')).toBe('20');
  await closed;
  expect(await here.host.kick(['acme/a'])).toMatchObject([{ ended: 0 }]);
});

test('sessions that were gone already are found gone once, side by side, and not again', async () => {
  const sessions = new SessionLog('station-observer');
  for (let n = 0; n < 200; n++) sessions.read(`New client connected from 10.0.0.1:${n} as gone-${n} (p5, c1, k60, u'acme/a').`);
  let open = 0;
  let most = 0;
  const log = { line: () => Promise.reject(new Error('nothing may wait for the log')) };
  const counted = new Proxy(sessions, {
    get: (target, key) => {
      if (key === 'isLive') most = Math.max(most, ++open);
      if (key === 'forget') open -= 1;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const context = { endpoint: here.host.endpoint, observer: pki.identities.observer, log, sessions: counted };
  expect(await kickSessions(['acme/a'], Infinity, context)).toMatchObject([{ username: 'acme/a', ended: 200 }]);
  expect(most).toBe(8);
  expect(sessions.size).toBe(0);
  expect(await kickSessions(['acme/a'], Infinity, context)).toMatchObject([{ username: 'acme/a', ended: 0 }]);
});
