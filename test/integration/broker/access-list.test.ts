import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerHost } from '../../../src-main/station/broker/index.ts';
import { TopicRule } from '../../../src-main/station/topic-rule.ts';
import { connectAs, verifyConnection, type Connection } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki } from '../../support/mosquitto.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { TestRemote } from '../../support/remote-host.ts';

/** The two forms of the access list on a real Mosquitto, through both kinds of host. */
const pki = new TestPki();
const side = new TopicRule('tenant/{tenant}/{device}/#');
const [a, b] = [pki.device('acme/a'), pki.device('acme/b')];

const local = async (): Promise<{ host: BrokerHost; close: () => Promise<void> }> => testHost(pki);
const remote = async (): Promise<{ host: BrokerHost; close: () => Promise<void> }> => {
  const there = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
  });
  return { host: there.host(pki), close: () => there.stop() };
};

describe.each([
  ['local', local],
  ['remote', remote],
] as const)('on the %s host', (_, make) => {
  let here: Awaited<ReturnType<typeof make>>;
  let host: BrokerHost;
  const revoked: TestIdentity[] = [];
  let number = 0;
  const publish = (devices: readonly string[], more: { muted?: readonly string[] } = {}): Promise<unknown> =>
    host.publish({ ...pki.publication((number += 1), devices, revoked), topicRule: side, ...more });
  const refused = (connection: Connection, topic: string): Promise<void> =>
    expect(connection.publish(topic, 'x')).rejects.toMatchObject({ code: 'TOPIC_REFUSED', params: { reason: 135 } });

  beforeAll(async () => {
    here = await make();
    ({ host } = here);
    await host.start();
  });
  afterAll(async () => {
    await host.stop();
    await here.close();
  });

  test('entries are removed with the next publication: the live session is mute before it is ended', async () => {
    await host.publish(pki.publication((number += 1), ['acme/a', 'acme/b']));
    const live = await connectAs(host.endpoint, a);
    await live.publish('tenant/acme/device/a/x', 'on');
    await refused(live, 'tenant/acme/device/b/x');
    await host.publish(pki.publication((number += 1), ['acme/b']));
    await refused(live, 'tenant/acme/device/a/x');
    await live.close();
  });

  test('a pattern line: everybody has their own topics, proven by delivery, and nobody a neighbour’s', async () => {
    await publish(['acme/a', 'acme/b']);
    expect((await host.inForce())?.accessList).not.toContain('acme/');
    for (const [device, identity] of [
      ['acme/a', a],
      ['acme/b', b],
    ] as const)
      expect(await verifyConnection(host.endpoint, identity, { device, topicRule: side })).toMatchObject({ diagnosis: null });
    expect(await verifyConnection(host.endpoint, a, { device: 'acme/b', topicRule: side })).toMatchObject({
      diagnosis: { code: 'CERTIFICATE_NOT_FOUND' },
    });
  });

  test('a revocation under a pattern line: mute at once, then ended, then refused', async () => {
    const gone = pki.device('acme/gone');
    await publish(['acme/a', 'acme/gone']);
    const live = await connectAs(host.endpoint, gone);
    await live.publish('tenant/acme/gone/x', 'on');
    revoked.push(gone);
    await publish(['acme/a'], { muted: ['acme/gone'] });
    await refused(live, 'tenant/acme/gone/x');
    expect(await host.kick(['acme/gone'])).toMatchObject([{ ended: 1 }]);
    await live.ended;
    await publish(['acme/a']);
    expect((await host.inForce())?.accessList).not.toContain('acme/gone');
    await expect(connectAs(host.endpoint, gone)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  });
});
