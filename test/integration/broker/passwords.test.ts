import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerHost, Publication } from '../../../src-main/station/broker/index.ts';
import { newPassword, passwordHash } from '../../../src-main/station/broker/password.ts';
import { SshLink } from '../../../src-main/station/broker/ssh.ts';
import { connectAs, type Connection } from '../../../src-main/station/verify/index.ts';
import { testHost, TestPki } from '../../support/mosquitto.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { freePort } from '../../support/raw-mosquitto.ts';
import { TestRemote } from '../../support/remote-host.ts';

/** Passwords beside certificates on a real Mosquitto, through both kinds of host. */
const pki = new TestPki();
interface Here {
  readonly host: BrokerHost;
  readonly passwordPort: number;
  readonly remote: TestRemote | null;
  close(): Promise<void>;
}

async function local(): Promise<Here> {
  const passwordPort = await freePort();
  const { host, close } = await testHost(pki, { passwordPort });
  return { host, passwordPort, remote: null, close };
}

async function remote(): Promise<Here> {
  const there = await TestRemote.start({
    rootPem: pki.root.certificatePem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
    passwords: true,
  });
  return { host: there.host(pki), passwordPort: there.passwordPort, remote: there, close: () => there.stop() };
}

describe.each([
  ['local', local],
  ['remote', remote],
] as const)('on the %s host', (_, make) => {
  let here: Here;
  let number = 0;
  const revoked: TestIdentity[] = [];
  const words = new Map<string, string>();
  const publish = (devices: readonly string[], withPassword: readonly string[], more: Partial<Publication> = {}): Promise<unknown> =>
    here.host.publish({
      ...pki.publication((number += 1), devices, revoked),
      passwords: withPassword.map((username) => ({ username, hash: passwordHash(words.get(username) ?? '') })),
      ...more,
    });
  const login = (username: string, password = words.get(username) ?? '', port = here.passwordPort): Promise<Connection> =>
    connectAs({ ...here.host.endpoint, port }, null, { login: { username, password } });
  const refused = { code: 'LOGIN_REFUSED' };

  beforeAll(async () => {
    for (const name of ['acme/simple', 'acme/both', 'birthmark~ingest']) words.set(name, newPassword());
    here = await make();
    await here.host.start();
  });
  afterAll(async () => {
    await here.host.stop();
    await here.close();
  });

  test('a device with a password has its own topics and no others; without it, or with a wrong one, nobody comes in', async () => {
    await publish(['acme/simple'], ['acme/simple']);
    const device = await login('acme/simple');
    await device.publish('tenant/acme/device/simple/x', 'on');
    await expect(device.publish('tenant/acme/device/other/x', 'on')).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
    await device.close();
    await expect(login('acme/simple', 'wrong')).rejects.toMatchObject(refused);
    await expect(login('acme/nobody', words.get('acme/simple'))).rejects.toMatchObject(refused);
    await expect(connectAs({ ...here.host.endpoint, port: here.passwordPort }, null)).rejects.toMatchObject(refused);
  });

  test('on the certificate listener a password is worth nothing: not without a certificate, not beside another’s, not beside a revoked one', async () => {
    const both = pki.device('acme/both');
    await publish(['acme/simple', 'acme/both'], ['acme/simple', 'acme/both']);
    const { port } = here.host.endpoint;
    await expect(login('acme/simple', undefined, port)).rejects.toMatchObject({ code: 'NO_CERTIFICATE_SENT' });
    const as = (identity: TestIdentity, username: string): Promise<Connection> =>
      connectAs(here.host.endpoint, identity, { login: { username, password: words.get(username) ?? '' } });
    // The name is the certificate's, whatever CONNECT says.
    const disguised = await as(both, 'acme/simple');
    await disguised.publish('tenant/acme/device/both/x', 'on');
    await expect(disguised.publish('tenant/acme/device/simple/x', 'on')).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
    await disguised.close();

    const live = await login('acme/both');
    revoked.push(both);
    await publish(['acme/simple'], ['acme/simple']);
    // Mosquitto asks for every password again at a reload: the session that began with it ends with it.
    await live.ended;
    await expect(as(both, 'acme/both')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    await expect(login('acme/both')).rejects.toMatchObject(refused);
  });

  test('a service reads and writes what it was given, with a certificate or with a password', async () => {
    const service = { name: 'ingest', reads: ['tenant/acme/#'], writes: ['tenant/acme/device/+/commands/#'] };
    await publish(['acme/simple'], ['acme/simple', 'birthmark~ingest'], { services: [service] });
    const device = await login('acme/simple');
    for (const connection of [await login('birthmark~ingest'), await connectAs(here.host.endpoint, pki.issuer.issue('birthmark:ingest'))]) {
      const heard = new Promise<string>((resolve) => connection.onMessage(({ topic }) => resolve(topic)));
      await connection.subscribe('tenant/acme/#');
      await device.publish('tenant/acme/device/simple/state', 'on');
      expect(await heard).toBe('tenant/acme/device/simple/state');
      await connection.publish('tenant/acme/device/simple/commands/reboot', '1');
      await expect(connection.publish('tenant/acme/device/simple/state', 'off')).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
      await connection.close();
    }
    await device.close();
  });

  test('names that are no names of ours, and hashes that are none, never get into the file', async () => {
    const hash = passwordHash('x');
    for (const passwords of [
      [{ username: 'acme/x:y\nroot', hash }],
      [{ username: 'birthmark:ingest', hash }],
      [{ username: 'birthmark~observer', hash }],
      [{ username: 'acme/x', hash: 'plain' }],
      [{ username: 'acme/x', hash: `${hash}\nacme/y:${hash}` }],
    ])
      await expect(here.host.publish({ ...pki.publication(number + 1, [], revoked), passwords })).rejects.toMatchObject({
        code: 'ID_INVALID',
      });
  });

  test('the host itself looks at what a station wants to have there', async () => {
    if (here.remote === null) return;
    const { remote: there } = here;
    const link = new SshLink(there.at, there.keys);
    const before = there.installed('password-file');
    const upload = async (id: string, passwords: string): Promise<unknown> => {
      await link.upload(id, {
        'crl.pem': pki.crlPem(number + 1, revoked),
        'client-cas.pem': pki.clientCaPem,
        'access-list': '',
        'password-file': passwords,
        expired: '',
      });
      return link.run(`publish ${id}`);
    };
    for (const [index, text] of ['acme/x:secret\n', `acme/x:${passwordHash('x')}:more\n`, `:${passwordHash('x')}\n`].entries())
      await expect(upload(`bad-${String(index)}`, text)).rejects.toMatchObject({
        code: 'CRL_REJECTED',
        params: { problem: expect.stringContaining('line 1 of the passwords') as string },
      });
    // Another station's devices keep the passwords that it gave them.
    const keys = await there.addStation('line-2');
    const other = new SshLink(there.at, keys);
    await other.upload('theirs', {
      'crl.pem': pki.crlPem(number + 1, revoked),
      'client-cas.pem': pki.clientCaPem,
      'access-list': '',
      'password-file': `acme/simple:${passwordHash('mine')}\n`,
      expired: '',
    });
    await expect(other.run('publish theirs')).rejects.toMatchObject({
      params: { problem: expect.stringContaining('acme/simple has a password') as string },
    });
    expect(there.installed('password-file')).toBe(before);
  });
});
