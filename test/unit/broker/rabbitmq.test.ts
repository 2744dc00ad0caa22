import { expect, test } from 'vitest';
import { RabbitmqCluster } from '../../../src-main/contract/index.ts';
import { name } from '../../../src-main/der/index.ts';
import { issuerHash } from '../../../src-main/station/broker/crl-folder.ts';
import { rabbitmqUsers } from '../../../src-main/station/broker/rabbitmq-users.ts';
import { TopicRule } from '../../../src-main/station/topic-rule.ts';
import { TestPki } from '../../support/mosquitto.ts';

test('the name of a file in a hash directory is what OpenSSL makes of the issuer', () => {
  // openssl x509 -subject_hash
  expect(issuerHash(name({ commonName: 'Issuer 1' }))).toBe('4ce01fb4');
  expect(issuerHash(name({ commonName: '  ISSUER \t 1 ' }))).toBe('4ce01fb4');
  expect(issuerHash(name({ organization: 'Acme  Corp', organizationalUnit: ' Line 4 ', commonName: 'ÄCA Über' }))).toBe('09f43124');
  expect(() => issuerHash(Buffer.from('no name'))).toThrow(expect.objectContaining({ code: 'CRL_REJECTED' }));
});

const pki = new TestPki();
const usersOf = (more: Partial<Parameters<typeof rabbitmqUsers>[0]>): ReturnType<typeof rabbitmqUsers> =>
  rabbitmqUsers({ crls: [], clientCaPem: '', devices: [], ...more }, pki.identities);
/** As Erlang reads them; `\z` is `$` here, where no line ends within a name. */
const allows = (pattern: string | undefined, text: string): boolean => new RegExp((pattern ?? '^$').replaceAll('\\z', '$'), 'u').test(text);

test('a device has its own routing keys and its own queues, and nobody’s that begins like them', () => {
  const rights = usersOf({ devices: ['acme/T-1', 'acme/T-10', 'a-b/c_d'] }).clients.get('acme/T-1');
  for (const key of ['tenant.acme.device.T-1', 'tenant.acme.device.T-1.said', 'tenant.acme.device.T-1.#']) {
    expect(allows(rights?.topicWrite, key), key).toBe(true);
    expect(allows(rights?.topicRead, key), key).toBe(true);
  }
  for (const key of [
    'tenant.acme.device.T-10.said',
    'tenant.acme.device.#',
    'tenant.acme.device.*.said',
    '#',
    'x.tenant.acme.device.T-1',
    'station.x',
  ])
    expect(allows(rights?.topicRead, key), key).toBe(false);
  for (const queue of ['mqtt-subscription-acme/T-1qos1', 'mqtt-subscription-acme/T-1~bqos0'])
    expect(allows(rights?.configure, queue), queue).toBe(true);
  for (const queue of [
    'mqtt-subscription-acme/T-10qos1',
    'mqtt-subscription-acme/T-1bqos1',
    'mqtt-subscription-birthmark:observerqos1',
    'mqtt-subscription-birthmark-observer-00000000-0000-0000-0000-000000000000qos1',
    'other',
  ])
    expect(allows(rights?.read, queue), queue).toBe(false);
  expect(allows(rights?.configure, 'amq.topic')).toBe(false);
});

test('a name whose topics could be a neighbour’s gets no user; neither does what is no name', () => {
  const devices = ['acme/good', 'acme/a.b', 'ac.me/x', 'acme/(x|y)', 'acme/*', 'guest'];
  const { clients, leftOut } = usersOf({ devices });
  expect([...clients.keys()]).toEqual(['acme/good']);
  expect(leftOut).toEqual(devices.slice(1));
  expect(usersOf({ devices: ['acme/good'], topicRule: new TopicRule('v1.2/{tenant}/{device}/#') }).leftOut).toEqual(['acme/good']);
});

test('a service’s “+” is one level, not the “#” of a wider subscription', () => {
  const services = [{ name: 'ingest', reads: ['tenant/+/device/+/said', 'plant/#'], writes: [] }];
  const rights = usersOf({ services }).clients.get('birthmark:ingest');
  for (const key of ['tenant.a.device.b.said', 'tenant.*.device.*.said', 'plant', 'plant.a.b'])
    expect(allows(rights?.topicRead, key), key).toBe(true);
  for (const key of ['tenant.#.said', 'tenant.#', 'tenant.a.device.#', 'tenant.a.x.device.b.said', 'plants'])
    expect(allows(rights?.topicRead, key), key).toBe(false);
  expect(allows(rights?.topicWrite, 'plant.a')).toBe(false);
});

test('the canaries may come in and do nothing there', () => {
  const { own } = usersOf({});
  expect(own.get('station-canary-good')).toEqual(own.get('station-canary-revoked'));
  expect(own.get('station-canary-good')).toMatchObject({ configure: '^$', write: '^$', read: '^$', topicWrite: '^$', topicRead: '^$' });
});

test('a cluster’s settings are checked: a folder each, absolute; a management user that is a name', () => {
  const node = { host: 'a', folder: '/crl/a' };
  expect(RabbitmqCluster.parse({ nodes: [node] })).toMatchObject({
    managementPort: 15_672,
    vhost: '/',
    nodes: [{ port: 8883, serverName: null }],
  });
  for (const wrong of [
    { nodes: [] },
    { nodes: [node, node] },
    { nodes: [{ ...node, folder: 'crl' }] },
    { nodes: [node], managementUser: 'a:b' },
    { nodes: [node], managementHost: 'example.org' },
  ])
    expect(RabbitmqCluster.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});
