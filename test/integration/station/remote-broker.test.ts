import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { TestRemote } from '../../support/remote-host.ts';
import { TestStation } from '../../support/station.ts';

/** A station and a broker host set up for each other as the README says, from the keys to a revocation that takes effect. */
let station: TestStation;
let remote: TestRemote | null = null;

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await station.call('sessions.close', {});
  await station.openSession({ profiles: ['device', 'server'], quota: 20 });
  const server = await station.call('servers.issue', { dns: ['localhost'], ips: ['127.0.0.1'], csr: null });
  const keys = await station.call('broker.keys', {});
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  remote = await TestRemote.start({
    rootPem: root,
    serverPem: server.pem,
    serverKeyPem: server.keyPem ?? '',
    publicKeys: [keys.files, keys.command],
  });
  expect(await station.call('broker.hostKey', { host: '127.0.0.1', sshPort: remote.at.sshPort })).toEqual({ hostKey: remote.at.hostKey });
  await station.call('broker.use', { remote: remote.at });
  await station.reopen();
  await station.openSession();
});
afterAll(async () => {
  await station.dispose();
  await remote?.stop();
});

test('units pass on the remote broker; revoked means refused there; what was done is in the audit log', async () => {
  await expect.poll(async () => (await station.call('broker.status', {}))?.state).toBe('up');
  const passed = await station.run(1);
  expect(passed).toMatchObject({ state: 'PASS', proofLevel: 'device-connected' });
  const device = passed.device ?? '';
  expect(remote?.installed('access-list')).toContain(`user ${device}\n`);
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: true });

  await station.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise' });
  await expect.poll(async () => (await station.call('revocations.list', { search: device })).rows[0]?.state).toBe('EFFECTIVE');
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: false });
  expect(remote?.installed('access-list')).not.toContain(`user ${device}\n`);
  expect((await station.call('verify.checkup', {})).checks.filter(({ result }) => result === 'FAIL')).toEqual([]);
  expect(await station.call('broker.reconcile', {})).toMatchObject({ verdict: 'PASS', host: '127.0.0.1' });
  expect(await station.problems()).toEqual([]);
});

test('with a host whose reload hangs the station starts, diagnoses, says what it waits for, and stops', async () => {
  const { dir } = unwrap(remote, 'it was started');
  appendFileSync(join(dir, 'etc/birthmark/broker.conf'), "RELOAD='sleep 100000'\n");
  await station.reopen();
  await station.openSession();
  await station.call('logins.service', { name: 'ingest', reads: ['tenant/acme/#'], writes: [], password: false });
  expect(await station.call('publication.settle', { seconds: 0 })).toMatchObject({ access: 'PENDING' });
  const { checks } = await station.call('verify.checkup', {});
  expect(checks.filter(({ result }) => result === 'FAIL')).toEqual([]);
  expect(await station.call('publication.settle', { seconds: 0 })).toMatchObject({ access: 'PENDING' });
  await station.stop();
});
