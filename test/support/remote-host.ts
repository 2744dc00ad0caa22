import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { RemoteHost } from '../../src-main/contract/index.ts';
import { newSshKey, RemoteBrokerHost, type RemoteBrokerHostOptions, type SshKeys } from '../../src-main/station/broker/index.ts';
import { findProgram } from '../../src-main/station/broker/mosquitto-process.ts';
import { systemClock } from '../../src-main/station/clock.ts';
import type { TestPki } from './mosquitto.ts';
import { freePort } from './raw-mosquitto.ts';

const path = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const program = (name: string): string => findProgram(name, path) ?? name;

export interface RemoteSetup {
  readonly rootPem: string;
  readonly serverPem: string;
  readonly serverKeyPem: string;
  /** A station's own two; default: new ones. */
  readonly publicKeys?: readonly [files: string, command: string];
  /** With a listener for passwords. */
  readonly passwords?: boolean;
}

/** A broker host as its administrator sets it up with install.sh, in a folder: OpenSSH and Mosquitto run from there. */
export class TestRemote {
  readonly dir: string;
  readonly at: RemoteHost;
  readonly passwordPort: number;
  /** Of whoever made them here; a station has its own. */
  readonly keys: SshKeys;
  readonly #publicKeys: string;
  readonly #ports: readonly number[];
  #sshd: ChildProcess | null = null;
  #mosquitto: ChildProcess | null = null;

  private constructor(dir: string, setup: RemoteSetup, ports: readonly number[], sshPort: number, passwordPort: number) {
    this.passwordPort = passwordPort;
    this.dir = dir;
    this.#ports = ports;
    const [files, command] = [newSshKey('files'), newSshKey('command')];
    this.keys = { files: files.privateKey, command: command.privateKey };
    const publicKeys = setup.publicKeys ?? [files.publicKey, command.publicKey];
    this.#publicKeys = join(dir, 'keys.pub');
    mkdirSync(join(dir, 'ssh'), { mode: 0o700 });
    writeFileSync(this.#publicKeys, publicKeys.map((key) => `${key}\n`).join(''));
    writeFileSync(join(dir, 'root.pem'), setup.rootPem);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'ssh', 'host')]);
    const hostKey =
      execFileSync('ssh-keygen', ['-lf', join(dir, 'ssh', 'host.pub')])
        .toString()
        .split(' ')[1] ?? '';
    const { username } = userInfo();
    this.at = {
      host: '127.0.0.1',
      port: ports[0] ?? 0,
      serverName: 'localhost',
      sshPort,
      hostKey,
      filesUser: username,
      commandUser: username,
    };
  }

  static async start(setup: RemoteSetup): Promise<TestRemote> {
    const dir = mkdtempSync(join(tmpdir(), 'birthmark-remote-'));
    const remote = new TestRemote(dir, setup, [await freePort(), await freePort(), await freePort()], await freePort(), await freePort());
    await remote.install(...(setup.passwords === true ? ['--password-port', String(remote.passwordPort)] : []));
    writeFileSync(join(dir, 'etc/birthmark/server.pem'), setup.serverPem);
    writeFileSync(join(dir, 'etc/birthmark/server.key'), setup.serverKeyPem);
    await remote.startSshd();
    await remote.startMosquitto();
    return remote;
  }

  /** The keys of one more station, which may publish here as well. */
  async addStation(name: string): Promise<SshKeys> {
    const [files, command] = [newSshKey('files'), newSshKey('command')];
    const path = join(this.dir, `${name}.pub`);
    writeFileSync(path, `${files.publicKey}\n${command.publicKey}\n`);
    await this.install('--station', name, '--keys', path);
    return { files: files.privateKey, command: command.privateKey };
  }

  get root(): string {
    return join(this.dir, 'root.pem');
  }

  get current(): string {
    return join(this.dir, 'etc/mosquitto/birthmark/current');
  }

  install(...more: string[]): Promise<{ stdout: string }> {
    const reload = `kill -HUP "$(cat ${join(this.dir, 'mosquitto.pid')})"`;
    const args = [
      '--station',
      'line-1',
      '--keys',
      this.#publicKeys,
      '--root-ca',
      this.root,
      '--prefix',
      this.dir,
      '--address',
      '127.0.0.1',
    ];
    return promisify(execFile)(resolve('resources/broker/install.sh'), [
      ...args,
      '--ports',
      this.#ports.join(','),
      '--reload',
      reload,
      ...more,
    ]);
  }

  async startSshd(): Promise<void> {
    const conf = join(this.dir, 'ssh', 'sshd_config');
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    writeFileSync(
      conf,
      [
        `Port ${this.at.sshPort}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(this.dir, 'ssh', 'host')}`,
        `AuthorizedKeysFile ${join(this.dir, 'etc/birthmark/keys/authorized_keys')}`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'PermitRootLogin yes',
        'Subsystem sftp internal-sftp',
        '',
      ].join('\n'),
    );
    this.#sshd = spawn(program('sshd'), ['-D', '-e', '-f', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
    await listening(this.at.sshPort);
  }

  async stopSshd(): Promise<void> {
    await kill(this.#sshd);
  }

  async startMosquitto(): Promise<void> {
    const conf = join(this.dir, 'mosquitto.conf');
    const log = join(this.dir, 'var/log/mosquitto/mosquitto.log');
    const asRoot = process.getuid?.() === 0 ? ['user root'] : [];
    const pid = join(this.dir, 'mosquitto.pid');
    writeFileSync(
      conf,
      [...asRoot, `pid_file ${pid}`, `log_dest file ${log}`, `include_dir ${join(this.dir, 'etc/mosquitto/conf.d')}`, ''].join('\n'),
    );
    this.#mosquitto = spawn(program('mosquitto'), ['-c', conf], { stdio: 'ignore' });
    await listening(this.at.port);
  }

  async stopMosquitto(): Promise<void> {
    await kill(this.#mosquitto);
  }

  host(pki: TestPki, changes: Partial<RemoteBrokerHostOptions> = {}): RemoteBrokerHost {
    return new RemoteBrokerHost({
      at: this.at,
      keys: this.keys,
      serverCaPem: pki.serverCa.certificatePem,
      identities: pki.identities,
      clock: systemClock,
      ...changes,
    });
  }

  installed(name: 'crl.pem' | 'client-cas.pem' | 'access-list' | 'password-file'): string {
    return existsSync(join(this.current, name)) ? readFileSync(join(this.current, name), 'utf8') : '';
  }

  async stop(): Promise<void> {
    await this.stopSshd();
    await this.stopMosquitto();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function kill(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
      () => false,
    );
    socket.destroy();
    if (answer) return;
    await new Promise((next) => setTimeout(next, 20));
  }
}
