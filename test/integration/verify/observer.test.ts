import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leftovers } from '../../../src-main/station/broker/leftovers.ts';
import { requiredTopicRule } from '../../../src-main/station/topic-rule.ts';
import { connectAs, Observer, verifyConnection, type Connection } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki, type TestHost } from '../../support/mosquitto.ts';

const pki = new TestPki();
const identity = pki.device('acme/a');
const waiting = { signal: new AbortController().signal, timeoutMs: 10_000 };
let here: TestHost;
let observer: Observer;
let device: Connection;

beforeAll(async () => {
  here = await testHost(pki);
  await here.host.start();
  await here.host.publish(pki.publication(1, ['acme/a', 'acme/b']));
  observer = new Observer({ endpoint: () => here.host.endpoint, identity: pki.identities.observer });
  observer.start();
  device = await connectAs(here.host.endpoint, identity);
});
afterAll(async () => {
  await device.close();
  await observer.stop();
  await here.close();
});

test('sees the device’s own words, whether they came before or after it asked', async () => {
  const topic = requiredTopicRule.verify('acme/a', 'n1');
  const recorder = await observer.watch(topic, waiting);
  const early = recorder.waitFor('n1', waiting);
  await device.publish(topic, 'something else');
  await device.publish(topic, 'n1');
  expect(await early).toMatchObject({ topic });
  expect(await recorder.waitFor('n1', waiting)).toMatchObject({ topic });
  expect(recorder.messages).toHaveLength(2);
  await recorder.close();
});

test('says what is missing when nothing came', async () => {
  const topic = requiredTopicRule.verify('acme/a', 'n2');
  const recorder = await observer.watch(topic, waiting);
  await device.publish(topic, 'another nonce');
  await expect(recorder.waitFor('n2', { ...waiting, timeoutMs: 50, deviceSays: 'published' })).rejects.toMatchObject({
    code: 'ECHO_MISSING',
    params: { device: 'published', topic, ms: 50 },
  });
  await recorder.close();
});

test('knows that nothing reached the neighbour’s topic: a marker sent later has arrived', async () => {
  const topic = requiredTopicRule.foreign('acme/a', 'n3');
  const recorder = await observer.watch(topic, waiting);
  await expect(device.publish(topic, 'x')).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
  expect(await recorder.fence(waiting)).toEqual([]);
  await recorder.close();
});

test('and would see it: the same watch finds what an allowed client puts there', async () => {
  const topic = requiredTopicRule.verify('acme/b', 'n4');
  const neighbour = await connectAs(here.host.endpoint, pki.device('acme/b'));
  const recorder = await observer.watch(topic, waiting);
  for (let count = 0; count < 200; count++) await neighbour.publish(topic, `message ${count}`);
  expect(await recorder.fence(waiting)).toHaveLength(200);
  await recorder.close();
  await neighbour.close();
});

test('stops at a cancel', async () => {
  const stop = new AbortController();
  const recorder = await observer.watch('tenant/+/nothing', waiting);
  const wait = recorder.waitFor('x', { ...waiting, signal: stop.signal });
  stop.abort();
  await expect(wait).rejects.toMatchObject({ code: 'CANCELLED' });
  await recorder.close();
});

test('a revoked observer, or none, is an answer and not a wait without end', async () => {
  const refused = new Observer({ endpoint: () => here.host.endpoint, identity: pki.identities.revokedCanary });
  refused.start();
  await expect.poll(() => refused.failure?.code).toBe('CERTIFICATE_REVOKED');
  await expect(refused.watch('tenant/#', { ...waiting, timeoutMs: 10 })).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  await refused.stop();
});

test('a device is probed step by step', async () => {
  const { steps } = await verifyConnection(here.host.endpoint, identity, { device: 'acme/a', observer });
  expect(steps.map(({ name, result }) => `${name}: ${result}`)).toEqual([
    'name: PASS',
    'tcp: PASS',
    'tls: PASS',
    'server certificate: PASS',
    'login: PASS',
    'own topic: PASS',
    'isolation: PASS',
    'plain TCP refused: PASS',
  ]);
});

test('a device that was never synced is let in and told apart from a revoked one', async () => {
  const { steps: unsynced } = await verifyConnection(here.host.endpoint, pki.device('acme/new'), { device: 'acme/new', observer });
  expect(unsynced.find(({ name }) => name === 'own topic')).toMatchObject({ result: 'FAIL', failure: { code: 'CERTIFICATE_NOT_FOUND' } });
  const { steps: revoked } = await verifyConnection(here.host.endpoint, pki.identities.revokedCanary, { device: 'acme/a' });
  expect(revoked.find(({ name }) => name === 'login')).toMatchObject({ result: 'FAIL', failure: { code: 'CERTIFICATE_REVOKED' } });
  expect(revoked.find(({ name }) => name === 'own topic')).toMatchObject({ result: 'SKIPPED' });
});

test('a neighbour’s topic that is open is found', async () => {
  const open = await testHost(pki);
  try {
    await open.host.start();
    await open.host.publish(pki.publication(1, ['acme/a']));
    await writeFile(join(open.dir, 'current', 'access-list'), 'user acme/a\ntopic readwrite tenant/acme/#\n');
    const [pid] = await leftovers(join(open.dir, 'mosquitto.conf'));
    if (pid === undefined) throw new Error('no broker runs');
    process.kill(pid, 'SIGHUP');
    const isolation = async (): Promise<string | undefined> => {
      const { steps } = await verifyConnection(open.host.endpoint, identity, { device: 'acme/a' });
      return steps.find(({ name }) => name === 'isolation')?.failure?.code;
    };
    await expect.poll(isolation).toBe('FOREIGN_TOPIC_ALLOWED');
  } finally {
    await open.close();
  }
});

test('without a certificate the broker refuses, and is diagnosed', async () => {
  const { diagnosis } = await verifyConnection(here.host.endpoint, null);
  expect(diagnosis?.code).toBe('NO_CERTIFICATE_SENT');
});

test('a broker that is away is said once, and the rest is skipped', async () => {
  const { steps } = await verifyConnection({ ...here.host.endpoint, port: 1 }, identity, { device: 'acme/a' });
  expect(steps.map(({ result }) => result)).toEqual(['PASS', 'FAIL', ...Array.from({ length: 6 }, () => 'SKIPPED')]);
  expect(steps[1]?.failure?.code).toBe('BROKER_REFUSES_CONNECTIONS');
});

test('a lost connection is no silence: the watch ends as away, and the observer comes back', async () => {
  const recorder = await observer.watch('tenant/acme/#', waiting);
  const wait = recorder.waitFor('never', waiting);
  wait.catch(() => undefined);
  const [pid] = await leftovers(join(here.dir, 'mosquitto.conf'));
  if (pid === undefined) throw new Error('no broker runs');
  process.kill(pid, 'SIGKILL');
  await expect(wait).rejects.toMatchObject({ code: 'BROKER_AWAY' });
  await expect(recorder.fence(waiting)).rejects.toMatchObject({ code: 'BROKER_AWAY' });
  await recorder.close();
  await observer.ready(waiting);
  const after = await observer.watch('tenant/acme/#', waiting);
  expect(await after.fence(waiting)).toEqual([]);
  await after.close();
});
