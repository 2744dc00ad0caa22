import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { TestRemote } from '../../support/remote-host.ts';

/** Without --address the template listens wherever the computer can be reached. */
const pki = new TestPki();
let remote: TestRemote;
beforeAll(async () => {
  remote = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
  });
});
afterAll(() => remote.stop());

test('devices reach the broker over IPv4 and over IPv6', async () => {
  await remote.stopMosquitto();
  await remote.install('--address', '');
  await remote.startMosquitto();
  const host = remote.host(pki);
  await host.start();
  await host.publish(pki.publication(1, ['acme/a']));
  for (const address of ['127.0.0.1', '::1']) await (await connectAs({ ...host.endpoint, host: address }, pki.device('acme/a'))).close();
  await host.stop();
  expect(readFileSync(join(remote.dir, 'etc/mosquitto/conf.d/birthmark.conf'), 'utf8')).not.toMatch(/ $/mu);
});
