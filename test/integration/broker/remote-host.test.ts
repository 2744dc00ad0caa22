import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Publication, RemoteBrokerHost } from '../../../src-main/station/broker/index.ts';
import { accessList } from '../../../src-main/station/broker/access-list.ts';
import { fingerprintOf, hostKeyOf, newSshKey, SshLink } from '../../../src-main/station/broker/ssh.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { TestCa, type TestIdentity } from '../../support/pki.ts';
import { TestRemote } from '../../support/remote-host.ts';

const pki = new TestPki();
const device = pki.device('acme/a');
let remote: TestRemote;
let host: RemoteBrokerHost;
let number = 0;

/** What the host said of the time. */
const told: number[] = [];
beforeAll(async () => {
  remote = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
  });
});
afterAll(() => remote.stop());
beforeEach(async () => {
  host = remote.host(pki, { onTime: (time) => told.push(time) });
  await host.start();
});
afterEach(() => host.stop());

/** Whoever is revoked stays revoked. */
const revoked: TestIdentity[] = [];
const publish = (devices: readonly string[]): Promise<unknown> => host.publish(pki.publication((number += 1), devices, revoked));

test('install.sh: a second run changes nothing, a dry run neither', async () => {
  expect((await remote.install()).stdout).toContain('nothing to change');
  const before = statSync(join(remote.dir, 'etc/birthmark/broker.conf')).mtimeMs;
  const dry = await remote.install('--dry-run', '--station', 'line-2');
  expect(dry.stdout).toContain('would: ');
  expect(statSync(join(remote.dir, 'etc/birthmark/broker.conf')).mtimeMs).toBe(before);
});

test('the host tells the time of its clock when it is reached', () => {
  expect(Math.abs((told.at(-1) ?? 0) - Date.now())).toBeLessThan(60_000);
});

test('before the first publication nobody is let in; after it who is in the list', async () => {
  await expect(connectAs(host.endpoint, device, { issuersPem: pki.clientCaPem })).rejects.toMatchObject({ code: 'CA_UNKNOWN_TO_BROKER' });
  expect(await publish(['acme/a'])).toMatchObject({ revokedRefused: true, goodAccepted: true, failure: null });
  expect(host.view()).toMatchObject({ kind: 'remote', state: 'up', failure: null, canary: { revokedRefused: true } });
  const connection = await connectAs(host.endpoint, device);
  await connection.publish('tenant/acme/device/a/x', 'hello');
  await connection.close();
});

test('revoked means refused, and the live session is gone', async () => {
  const gone = pki.device('acme/gone');
  await publish(['acme/a', 'acme/gone']);
  const live = await connectAs(host.endpoint, gone);
  revoked.push(gone);
  await publish(['acme/a']);
  expect(await host.kick(['acme/gone'])).toMatchObject([{ username: 'acme/gone', ended: 1 }]);
  expect(await live.ended).not.toBeNull();
  await expect(connectAs(host.endpoint, gone)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  // What passed the new list stays.
  const other = await connectAs(host.endpoint, device);
  expect(await host.kick(['acme/a'])).toMatchObject([{ ended: 0 }]);
  await other.close();
});

describe('what the host refuses by itself, whatever the station thinks of it', () => {
  const stranger = new TestCa('Stranger');
  const good = (): Record<string, string> => ({
    'crl.pem': pki.crlPem(number + 1, revoked),
    'client-cas.pem': pki.clientCaPem,
    'access-list': accessList(pki.publication(number + 1, ['acme/a']), 'station-observer'),
    'password-file': '',
    expired: '',
  });
  const soon = (): Date => new Date(Date.now() + 60_000);

  test.each<[string, () => Record<string, string>, RegExp]>([
    ['an empty list', () => ({ ...good(), 'crl.pem': '' }), /empty or cut off/u],
    ['half a list', () => ({ ...good(), 'crl.pem': good()['crl.pem']?.slice(0, 300) ?? '' }), /cut off/u],
    [
      'a damaged list',
      () => ({ ...good(), 'crl.pem': good()['crl.pem']?.replace(/(?<=CRL-----\n.{60})..../u, 'AAAA') ?? '' }),
      /damaged|not signed/u,
    ],
    ['a list of another CA', () => ({ ...good(), 'crl.pem': stranger.crl({ number: 99 }) }), /not signed by any of the CAs/u],
    ['an older number', () => ({ ...good(), 'crl.pem': pki.crlPem(0) }), /is older than/u],
    [
      'a list that ends too soon',
      () => ({ ...good(), 'crl.pem': pki.crlPem(number + 1, revoked, { nextUpdate: soon() }) }),
      /ends too soon/u,
    ],
    [
      'a list of tomorrow',
      () => ({
        ...good(),
        'crl.pem': pki.crlPem(number + 1, revoked, {
          thisUpdate: new Date(Date.now() + 3_600_000),
          nextUpdate: new Date(Date.now() + 9_000_000),
        }),
      }),
      /begins in the future/u,
    ],
    ['a lost entry', () => ({ ...good(), 'crl.pem': pki.issuer.crl({ number: number + 1 }) }), /is revoked and missing/u],
    [
      'a CA without a list',
      () => ({ ...good(), 'client-cas.pem': pki.clientCaPem + new TestCa('Issuer 2', pki.root).certificatePem }),
      /there is no list of/u,
    ],
    [
      'a CA that is not below the pinned root',
      () => ({ ...good(), 'client-cas.pem': stranger.certificatePem, 'crl.pem': stranger.crl({ number: 1 }) }),
      /root that is pinned/u,
    ],
    [
      'a line of the access list with something behind it',
      () => ({ ...good(), 'access-list': 'user acme/a\npattern readwrite #\n' }),
      /line 2 of the access list/u,
    ],
    ['a missing file', () => ({ 'crl.pem': good()['crl.pem'] ?? '' }), /missing from the upload/u],
  ])('%s', async (name, files, reason) => {
    const link = new SshLink(remote.at, remote.keys);
    const before = remote.installed('crl.pem');
    const id = `test-${name.replaceAll(/[^a-z]+/giu, '-')}`;
    await link.upload(id, files());
    await expect(link.run(`publish ${id}`)).rejects.toMatchObject({
      code: 'CRL_REJECTED',
      params: { problem: expect.stringMatching(reason) as string },
    });
    expect(remote.installed('crl.pem')).toBe(before);
    expect((await host.canaries()).failure).toBeNull();
  });

  test('any other command, and names that lead elsewhere', async () => {
    const link = new SshLink(remote.at, remote.keys);
    for (const command of ['cat /etc/passwd', 'publish ../../x', 'publish a b', 'publish $(id)', 'sh'])
      await expect(link.run(command)).rejects.toMatchObject({ code: 'CRL_REJECTED' });
    await expect(new SshLink(remote.at, { files: remote.keys.command, command: remote.keys.files }).run('status')).rejects.toMatchObject(
      {},
    );
  });
});

test('canaries that are wrong: what was in force before is put back', async () => {
  await publish(['acme/a']);
  const before = remote.installed('access-list');
  const wrong = remote.host(pki, { identities: { ...pki.identities, revokedCanary: pki.device('station-canary-not-revoked') } });
  await wrong.start();
  try {
    await expect(wrong.publish(pki.publication((number += 1), ['acme/a', 'acme/b'], revoked))).rejects.toMatchObject({
      code: 'CANARY_ADMITTED',
    });
    expect(remote.installed('access-list')).toBe(before);
  } finally {
    await wrong.stop();
  }
  // The number that was taken back may come again, from the station that knows better.
  expect(await publish(['acme/a'])).toMatchObject({ failure: null });
});

test('a second station with an issuer of its own: both in force, neither can touch the other', async () => {
  await publish(['acme/a']);
  const issuer = new TestCa('Issuer 2', pki.root);
  const made = (name: string): TestIdentity => {
    const { certificatePem, keyPem, serial } = issuer.issue(name);
    return { certificatePem: certificatePem + issuer.certificatePem, keyPem, serial };
  };
  const identities = { goodCanary: made('line-2-good'), revokedCanary: made('line-2-revoked'), observer: made('line-2-observer') };
  const keys = await remote.addStation('line-2');
  const second = remote.host(pki, { keys, identities });
  await second.start();
  try {
    const crl = (at: number, more: readonly TestIdentity[] = []): string =>
      issuer.crl({ number: at, revoked: [identities.revokedCanary, ...more].map(({ serial }) => serial) });
    const theirs = made('globex/x');
    const publication = (at: number, devices: readonly string[], more: readonly TestIdentity[] = []): Publication => ({
      crls: [{ issuer: 'Issuer 2', number: at, pem: crl(at, more) }],
      clientCaPem: pki.root.certificatePem + issuer.certificatePem,
      devices,
    });
    // At once, as two lines do it.
    await Promise.all([publish(['acme/a']), second.publish(publication(1, ['globex/x']))]);
    for (const [identity, topic] of [
      [device, 'tenant/acme/device/a/x'],
      [theirs, 'tenant/globex/device/x/x'],
    ] as const) {
      const connection = await connectAs(host.endpoint, identity);
      await connection.publish(topic, 'hello');
      await connection.close();
    }
    await second.publish(publication(2, [], [theirs]));
    await expect(connectAs(host.endpoint, theirs)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    expect((await host.canaries()).failure).toBeNull();
    expect(remote.installed('access-list')).toContain('user acme/a\n');
    expect((await host.inForce())?.accessList).not.toContain('line-2');
  } finally {
    await second.stop();
  }
});

test('a host with another key is told nothing', async () => {
  expect(await hostKeyOf(remote.at)).toBe(remote.at.hostKey);
  const other = remote.host(pki, { at: { ...remote.at, hostKey: fingerprintOf(Buffer.from('another')) } });
  await other.start();
  expect(other.view()).toMatchObject({ state: 'away', failure: { code: 'HOST_KEY_CHANGED', params: { found: remote.at.hostKey } } });
  await expect(other.publish(pki.publication(number + 1, []))).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' });
  await other.stop();
});

test('a station whose key is not known there', async () => {
  const [files, command] = [newSshKey('x').privateKey, newSshKey('x').privateKey];
  const link = new SshLink(remote.at, { files, command });
  await expect(link.run('status')).rejects.toMatchObject({ code: 'SSH_REFUSED' });
});

test('SSH gone and back, broker killed and back: away, then up, and nothing is lost', async () => {
  await publish(['acme/a']);
  await remote.stopSshd();
  await expect(publish(['acme/a', 'acme/c'])).rejects.toMatchObject({ code: 'BROKER_AWAY' });
  await remote.startSshd();
  expect(await publish(['acme/a', 'acme/c'])).toMatchObject({ failure: null });
  expect(remote.installed('access-list')).toContain('user acme/c');
  await remote.stopMosquitto();
  await expect(publish(['acme/a'])).rejects.toMatchObject({ code: 'BROKER_HOST_FAILED' });
  await remote.startMosquitto();
  expect(await publish(['acme/a'])).toMatchObject({ failure: null });
  expect(host.view()).toMatchObject({ state: 'up', failure: null });
});
