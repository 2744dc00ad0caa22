import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RemoteHost } from '../../../src-main/contract/index.ts';
import { hostKeyOf, newSshKey, RemoteBrokerHost } from '../../../src-main/station/broker/index.ts';
import { checkBroker } from '../../../src-main/station/support/check-up/index.ts';
import { systemClock } from '../../../src-main/station/clock.ts';
import { CleanTree } from '../../support/clean-tree.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { freePort } from '../../support/raw-mosquitto.ts';

/** resources/broker/README.md on a computer of its own, line by line: with its users, its sudo, its sshd and its Mosquitto. */
const pki = new TestPki();
const [files, command] = [newSshKey('files'), newSshKey('command')];
const source = resolve('resources/broker');
let tree: CleanTree;
let ports: number[];
let sshPort: number;
let installer: string;

beforeAll(async () => {
  tree = await CleanTree.open();
  ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  sshPort = await freePort();
  for (const [name, text] of Object.entries({
    'station.keys': `${files.publicKey}\n${command.publicKey}\n`,
    'root.pem': pki.root.certificatePem,
    'broker.pem': pki.server.certificatePem,
    'broker.key': pki.server.keyPem,
  }))
    writeFileSync(join(tree.dir, name), text);
  const [mqtts = 0, mqtt = 0, websockets = 0, passwords = 0] = ports;
  installer = `${source}/install.sh --station line-2 --keys ${tree.dir}/station.keys --root-ca ${tree.dir}/root.pem --address 127.0.0.1 --ports ${mqtts},${mqtt},${websockets} --password-port ${passwords}`;
});
afterAll(() => tree.close());

const stats =
  "find /etc /usr/local /var/lib -xdev -printf '%p %m %u %g %T@ %s\\n' | grep -v '/etc/\\(.pwd.lock\\|passwd-\\|group-\\)' | sort";
const done = async (line: string): Promise<string> => {
  const { code, out } = await tree.run(line);
  expect({ line, code, out }).toMatchObject({ code: 0 });
  return out;
};

test('a dry run says what it would do, and does nothing', async () => {
  const before = await done(stats);
  const out = await done(`${installer} --dry-run`);
  expect(out).toContain('would: add the user birthmark-files');
  expect(out).toContain('would: write /etc/sudoers.d/birthmark');
  expect(out).toContain('would: write /etc/mosquitto/conf.d/birthmark.conf');
  expect(await done(stats)).toBe(before);
});

test('the run: users, folders and what may be done where', async () => {
  await done(installer);
  await done(`install -m 644 ${tree.dir}/broker.pem /etc/birthmark/server.pem`);
  await done(`install -m 640 -g mosquitto ${tree.dir}/broker.key /etc/birthmark/server.key`);
  const of = async (path: string): Promise<string> => done(`stat -c '%a %U %G' ${path}`);
  expect(await done('getent passwd birthmark-files birthmark-command | cut -d: -f1,7')).toBe(
    'birthmark-files:/usr/sbin/nologin\nbirthmark-command:/bin/bash',
  );
  expect(await of('/var/lib/birthmark')).toBe('755 root root');
  expect(await of('/var/lib/birthmark/line-2/incoming')).toBe('2775 birthmark-files birthmark-command');
  expect(await of('/etc/mosquitto/birthmark')).toBe('755 birthmark-command root');
  expect(await of('/etc/mosquitto/birthmark/sets')).toBe('2755 birthmark-command mosquitto');
  expect(await done('id -nG birthmark-command')).toBe('birthmark-command');
  expect(await of('/etc/birthmark')).toBe('755 root root');
  expect(await of('/usr/local/lib/birthmark/birthmark-host')).toBe('755 root root');
  expect(await of('/etc/sudoers.d/birthmark')).toBe('440 root root');
  await done('visudo -cqf /etc/sudoers.d/birthmark');
  expect(await done('sudo -l -U birthmark-command | grep NOPASSWD')).toBe(
    '    (root) NOPASSWD: /usr/bin/systemctl reload mosquitto\n    (mosquitto) NOPASSWD: /usr/local/lib/birthmark/birthmark-log',
  );
  await done('sshd -t');
  const said = await tree.run(
    'systemd-analyze verify /etc/systemd/system/birthmark-pending@.path /etc/systemd/system/birthmark-pending@.service /etc/systemd/system/birthmark-life.service /etc/systemd/system/birthmark-life.timer',
  );
  expect(said.out).not.toMatch(/birthmark/u);
  expect(await done('cat /run/systemctl')).toBe(
    'daemon-reload\nenable --now birthmark-pending@line-2.path birthmark-life.timer\nreload ssh',
  );
});

test('a second run changes nothing', async () => {
  const before = await done(stats);
  expect(await done(installer)).toBe('nothing to change');
  expect(await done(stats)).toBe(before);
});

test('a station publishes with its two keys, and the broker that came of the template passes every check', async () => {
  await done(`/usr/sbin/sshd -o Port=${String(sshPort)} -o ListenAddress=127.0.0.1 -o PidFile=/run/sshd.pid`);
  await done('systemctl restart mosquitto');
  const [port = 0, mqttPort = 0, websocketsPort = 0] = ports;
  const hostKey = await done('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2');
  expect(await hostKeyOf({ host: '127.0.0.1', sshPort })).toBe(hostKey);
  const at: RemoteHost = {
    host: '127.0.0.1',
    port,
    serverName: 'localhost',
    sshPort,
    hostKey,
    filesUser: 'birthmark-files',
    commandUser: 'birthmark-command',
  };
  const host = new RemoteBrokerHost({
    at,
    keys: { files: files.privateKey, command: command.privateKey },
    serverCaPem: pki.serverCa.certificatePem,
    identities: pki.identities,
    clock: systemClock,
    onTime: () => undefined,
  });
  await host.start();
  try {
    expect(await host.publish(pki.publication(1, ['acme/a']))).toMatchObject({ revokedRefused: true, goodAccepted: true, failure: null });
    expect(await host.publish(pki.publication(2, ['acme/a', 'acme/b']))).toMatchObject({ failure: null });
    expect(host.view()).toMatchObject({ state: 'up', failure: null });
    const checks = await checkBroker({
      endpoint: host.endpoint,
      identities: pki.identities,
      issuersPem: pki.clientCaPem,
      crls: null,
      mqttPort,
      websocketsPort,
      isLocal: false,
      now: systemClock.now(),
      timeoutMs: 5_000,
    });
    expect(checks.filter(({ result }) => result === 'FAIL')).toEqual([]);
    expect(checks.filter(({ result }) => result === 'PASS').length).toBeGreaterThan(12);
  } finally {
    await host.stop();
  }
  expect(await done("stat -c '%a %U %G' /etc/mosquitto/birthmark/current/password-file")).toBe('640 birthmark-command mosquitto');
});

test('neither key opens a shell, and neither user does what the other may', async () => {
  const keyFile = join(tree.dir, 'one.key');
  for (const [user, key, words] of [
    ['birthmark-command', command, 'id'],
    ['birthmark-files', files, 'id'],
    ['birthmark-files', command, 'status'],
    ['birthmark-command', files, 'status'],
  ] as const) {
    writeFileSync(keyFile, key.privateKey, { mode: 0o600 });
    const ssh = `ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${String(sshPort)} -i ${keyFile} ${user}@127.0.0.1 ${words} </dev/null`;
    const { code, out } = await tree.run(ssh);
    expect({ user, words, code }).not.toMatchObject({ code: 0 });
    expect(out).not.toContain('uid=');
  }
  expect((await tree.run('setpriv --reuid birthmark-command --regid birthmark-command --init-groups sudo -n /usr/bin/id')).code).not.toBe(
    0,
  );
});

test('the README names what there is', () => {
  const readme = readFileSync(join(source, 'README.md'), 'utf8');
  for (const name of [
    '/etc/birthmark/root.pem',
    '/etc/birthmark/broker.conf',
    '/etc/mosquitto/conf.d/birthmark.conf',
    '/etc/sudoers.d/birthmark',
    'birthmark-log',
  ])
    expect(readme).toContain(name);
  expect(readme).toContain('install -m 640 -g mosquitto broker.key /etc/birthmark/server.key');
});
