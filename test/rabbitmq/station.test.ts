import { statSync, writeFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RabbitmqCluster } from '../../src-main/contract/index.ts';
import { RabbitmqHost, type Publication } from '../../src-main/station/broker/index.ts';
import { systemClock } from '../../src-main/station/clock.ts';
import { connectAs, type Connection } from '../../src-main/station/verify/index.ts';
import { birthmark } from '../support/birthmark.ts';
import { TestPki } from '../support/mosquitto.ts';
import { TestRabbitmq } from '../support/rabbitmq.ts';
import { TestStation } from '../support/station.ts';

/** Two nodes, as docs/rabbitmq.md has them. They trust the CAs of a station and of a CA made here, whose device keys a test can have. */
const pki = new TestPki();
let station: TestStation;
let cluster: TestRabbitmq | null = null;
let host: RabbitmqHost;
let started = false;

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await station.call('sessions.close', {});
  await station.openSession({ profiles: ['device', 'server'], quota: 20 });
  const server = await station.call('servers.issue', { dns: ['localhost'], ips: ['127.0.0.1'], csr: null });
  const cas = (await station.call('export.pem', {})).filter(({ name }) => name !== 'crl.pem').map(({ pem }) => pem);
  cluster = await TestRabbitmq.start(
    { clientCaPem: [...cas, pki.clientCaPem].join(''), serverPem: server.pem, serverKeyPem: server.keyPem ?? '' },
    2,
  );
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  host = new RabbitmqHost({
    cluster: RabbitmqCluster.parse(cluster.at),
    password: cluster.password,
    mark: 'a-second-station',
    serverCaPem: root,
    identities: pki.identities,
    clock: systemClock,
  });
  await host.start();
  started = true;
});
afterAll(async () => {
  if (started) await host.stop();
  await station.dispose();
  await cluster?.stop();
});

const rabbitmq = (): TestRabbitmq => {
  if (cluster === null) throw new Error('the cluster runs');
  return cluster;
};
const endpoints = (): (typeof host)['endpoint'][] => rabbitmq().at.nodes.map(({ port }) => ({ ...host.endpoint, port }));
const users = async (): Promise<string[]> => ((await rabbitmq().api('users')) as { name: string }[]).map(({ name }) => name);
const listsOf = (node: number): string[] => {
  const folder = rabbitmq().nodes[node]?.folder ?? '';
  return readdirSync(folder)
    .toSorted()
    .map((name) => `${name} ${readFileSync(join(folder, name), 'utf8')}`);
};

const [good, other, bad, second] = ['acme/good', 'acme/other', 'acme/bad', 'acme/second'].map((name) => pki.device(name));
if (good === undefined || other === undefined || bad === undefined || second === undefined) throw new Error('they were made');
let number = 1;
const publish = (more: Partial<Publication> = {}, revoked: Parameters<TestPki['publication']>[2] = []): Promise<unknown> =>
  host.publish({
    ...pki.publication(number++, ['acme/good', 'acme/other', 'acme/bad', 'acme/second']),
    ...more,
    ...{},
    crls: more.crls ?? pki.publication(number - 1, [], revoked).crls,
  });

test('what is published is in force on both nodes, and the canaries say so', async () => {
  expect(await publish({ devices: ['acme/good', 'acme/other', 'acme/bad', 'acme/second', 'acme/dot.ted'] })).toMatchObject({
    revokedRefused: true,
    goodAccepted: true,
    failure: null,
  });
  // In a routing key its topics could be those of another: it gets no user, and the view says why.
  expect(host.view()).toMatchObject({
    kind: 'rabbitmq',
    state: 'up',
    version: expect.stringMatching(/^3\./u) as string,
    failure: { code: 'ID_INVALID' },
  });
  expect(await users()).not.toContain('acme/dot.ted');
  await publish();
  expect(host.view()).toMatchObject({ state: 'up', failure: null });
  expect(listsOf(0)).toHaveLength(1);
  expect(listsOf(1)).toEqual(listsOf(0));
  expect((await host.inForce())?.accessList).toContain('user acme/good\n');
});

async function listening(connection: Connection, topic: string): Promise<string[]> {
  const heard: string[] = [];
  connection.onMessage((message) => heard.push(Buffer.from(message.payload).toString()));
  await connection.subscribe(topic);
  return heard;
}

test('a device has its own topics and nobody else’s, across the nodes; its queue is no other client’s', async () => {
  const [one, two] = endpoints();
  if (one === undefined || two === undefined) throw new Error('two nodes');
  const device = await connectAs(one, good, { clientId: 'acme/good' });
  const observer = await connectAs(two, pki.identities.observer, { clientId: 'station-observer' });
  const heard = await listening(observer, 'tenant/#');
  await device.subscribe('tenant/acme/device/good/#');
  await device.publish('tenant/acme/device/good/said', 'mine');
  await expect.poll(() => heard).toEqual(['mine']);
  await expect(device.publish('tenant/acme/device/other/said', 'not mine')).rejects.toThrow();
  // Closed by the broker, with a message that it never acknowledged.
  await device.close();
  const device2 = await connectAs(one, good, { clientId: 'acme/good~2' });
  for (const filter of ['tenant/acme/device/other/#', 'tenant/#', 'tenant/acme/device/+/said', '#', 'station/#']) {
    const again = await connectAs(one, good, { clientId: 'acme/good' });
    await expect(again.subscribe(filter), filter).rejects.toThrow();
    await again.close();
  }
  // Why names with a “.” get no user: RabbitMQ makes the same of both.
  await device2.publish('tenant/acme/device/good.x/said', 'dotted');
  await expect.poll(() => heard).toEqual(['mine', 'dotted']);
  // Client ids are chosen by the client, and name its queue.
  const thief = await connectAs(one, good, { clientId: 'acme/other' });
  await expect(thief.subscribe('tenant/acme/device/good/#')).rejects.toThrow();
  await thief.close();
  await observer.publish('station/marker', 'marker');
  expect(heard).toEqual(['mine', 'dotted']);
  await observer.close();
  await device2.close();
});

test('a wrong list never gets to a node: an older one, one cut off, another CA’s, one that forgets somebody', async () => {
  const before = [listsOf(0), listsOf(1)];
  const crl = (pem: string, n: number): Partial<Publication> => ({ crls: [{ issuer: 'Issuer 1', number: n, pem }] });
  const stranger = new TestPki();
  for (const wrong of [
    crl(pki.crlPem(1), 1),
    crl(pki.crlPem(50).slice(0, 200), 50),
    crl(stranger.crlPem(50), 50),
    crl(pki.issuer.crl({ number: 50, revoked: [] }), 50),
    crl(pki.crlPem(50, [], { nextUpdate: new Date(Date.now() + 60_000) }), 50),
  ])
    await expect(publish(wrong)).rejects.toMatchObject({ code: 'CRL_REJECTED' });
  expect([listsOf(0), listsOf(1)]).toEqual(before);
  // What locks good devices out is taken back: a list, good in itself, that has the good canary in it.
  number = 60;
  await expect(publish({}, [pki.identities.goodCanary])).rejects.toMatchObject({ code: 'CANARY_REFUSED' });
  expect([listsOf(0), listsOf(1)]).toEqual(before);
  number = 10;
  await publish();
});

test('revoked: its sessions on both nodes are closed, it is refused as revoked on both, its user is gone; others stay', async () => {
  const [one, two] = endpoints();
  if (one === undefined || two === undefined) throw new Error('two nodes');
  const sessions = [await connectAs(one, bad, { clientId: 'acme/bad' }), await connectAs(two, bad, { clientId: 'acme/bad~2' })];
  const staying = await connectAs(two, second, { clientId: 'acme/second' });
  expect(await users()).toContain('acme/bad');
  const counted = async (): Promise<unknown[]> =>
    ((await rabbitmq().api('connections?columns=user')) as { user?: string }[]).filter(({ user }) => user === 'acme/bad');
  await expect.poll(counted, { timeout: 20_000 }).toHaveLength(2);
  number = 20;
  await publish({ devices: ['acme/good', 'acme/other', 'acme/second'] }, [bad]);
  const kicked = await host.kick(['acme/bad']);
  expect(kicked).toMatchObject([{ username: 'acme/bad', ended: 2 }]);
  for (const session of sessions) expect(await session.ended).not.toBeNull();
  for (const endpoint of [one, two]) {
    await expect(connectAs(endpoint, bad)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    await expect(connectAs(endpoint, bad, { tlsVersion: 'TLSv1.2' })).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  }
  expect(await users()).not.toContain('acme/bad');
  await staying.publish('tenant/acme/device/second/said', 'still here');
  await staying.close();
});

test('a user that somebody else made is left as it is, and said', async () => {
  const { managementPort, managementUser } = rabbitmq().at;
  const response = await fetch(`http://127.0.0.1:${managementPort}/api/users/acme%2Ftaken`, {
    method: 'PUT',
    headers: { authorization: `Basic ${Buffer.from(`${managementUser}:${rabbitmq().password}`).toString('base64')}` },
    body: JSON.stringify({ password: 'theirs', tags: 'theirs' }),
  });
  expect(response.ok).toBe(true);
  const before = await rabbitmq().api('users/acme%2Ftaken');
  number = 30;
  await publish({ devices: ['acme/good', 'acme/other', 'acme/second', 'acme/taken'] }, [bad]);
  expect(host.view()).toMatchObject({ state: 'up', failure: { code: 'BROKER_HOST_FAILED' } });
  expect(await rabbitmq().api('users/acme%2Ftaken')).toEqual(before);
});

test('a list that vanished from a node locks its devices out, and is put back by the next publication', async () => {
  const folder = rabbitmq().nodes[1]?.folder ?? '';
  const [name = ''] = readdirSync(folder);
  writeFileSync(join(folder, name), 'not a list');
  expect(await host.canaries()).toMatchObject({ revokedRefused: false, goodAccepted: false });
  number = 40;
  await publish({ devices: ['acme/good'] }, [bad]);
  expect(listsOf(1)).toEqual(listsOf(0));
});

test('a whole station: a unit passes there; revoked means refused there; nothing of the password is told', async () => {
  await station.stop();
  const { nodes, managementPort, managementUser } = rabbitmq().at;
  const said = await birthmark(
    [
      ...['broker', 'use-rabbitmq', '--data', station.dataDir, ...nodes.map(({ host: at, port, folder }) => `${at}:${port}=${folder}`)],
      ...['--server-name', 'localhost', '--management-port', String(managementPort), '--management-user', managementUser],
      ...['--password-file', '-', '--json'],
    ],
    { input: `${rabbitmq().password}\n` },
  );
  expect(said, said.stderr).toMatchObject({ code: 0 });
  expect(said.stdout + said.stderr).not.toContain(rabbitmq().password);
  const secret = join(station.dataDir, 'secrets', 'rabbitmq-password');
  expect(statSync(secret).mode & 0o777).toBe(0o600);
  await station.reopen();
  await station.openSession();
  await expect.poll(async () => (await station.call('broker.status', {}))?.state, { timeout: 30_000 }).toBe('up');
  const passed = await station.run(1);
  expect(passed.failure).toBeNull();
  expect(passed).toMatchObject({ state: 'PASS', proofLevel: 'device-connected' });
  const device = passed.device ?? '';
  expect(await users()).toContain(device);
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: true });
  const live = async (): Promise<unknown[]> =>
    ((await rabbitmq().api('connections?columns=name,user')) as { user?: string }[]).filter(({ user }) => user === device);
  await expect.poll(live, { timeout: 20_000 }).toHaveLength(1);

  const failing = (steps: readonly { result: string }[]): unknown[] => steps.filter(({ result }) => result === 'FAIL');
  expect(failing((await station.call('verify.checkup', {})).checks)).toEqual([]);
  expect(failing((await station.call('verify.connection', { mqtt: '3.1.1' })).steps)).toEqual([]);
  await station.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise' });
  await expect
    .poll(async () => (await station.call('revocations.list', { search: device })).rows[0]?.state, { timeout: 30_000 })
    .toBe('EFFECTIVE');
  const [revocation] = (await station.call('revocations.list', { search: device })).rows;
  expect(revocation).toMatchObject({ liveSessionGoneMs: expect.any(Number) as number });
  expect(await live()).toEqual([]);
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: false });
  expect(await users()).not.toContain(device);
  expect(await users()).toContain('acme/good');
  expect(await station.call('broker.reconcile', {})).toMatchObject({ verdict: 'PASS', host: '127.0.0.1' });
  expect(await station.problems()).toEqual([]);
  expect(JSON.stringify([station.log, await station.call('station.status', {}), await station.call('broker.status', {})])).not.toContain(
    rabbitmq().password,
  );
});
