import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { RemoteHost } from '../../src-main/contract/index.ts';
import {
  newSshKey,
  RemoteBrokerHost,
  type Publication,
  type RemoteBrokerHostOptions,
  type SshKeys,
} from '../../src-main/station/broker/index.ts';
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
    await saysOn(this.#sshd, 'Server listening on');
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
      [
        ...asRoot,
        `pid_file ${pid}`,
        `log_dest file ${log}`,
        'log_dest stderr',
        `include_dir ${join(this.dir, 'etc/mosquitto/conf.d')}`,
        '',
      ].join('\n'),
    );
    this.#mosquitto = spawn(program('mosquitto'), ['-c', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
    await saysOn(this.#mosquitto, ' running');
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
      onTime: () => undefined,
      ...changes,
    });
  }

  /** The connections that there are; the server goes on. */
  killSshSessions(): void {
    for (const pid of childrenOf(this.#sshd?.pid ?? 0)) end(pid);
  }

  /** The host's script, wherever it is; not the one that follows the log. */
  killScripts(): void {
    const script = join(this.dir, 'usr/local/lib/birthmark/birthmark-host');
    for (const { pid, words } of processes()) if (words.includes(script) && !words.includes('sessions')) end(pid);
  }

  /** Resolves when it has begun to read its files again. */
  async reloadMosquitto(): Promise<void> {
    if (this.#mosquitto === null) throw new Error('no Mosquitto');
    const begun = saysOn(this.#mosquitto, 'Reloading config');
    this.#mosquitto.kill('SIGHUP');
    await begun;
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

/** Resolves when the server says so on its standard error. */
function saysOn(server: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes(words)) resolve();
    });
    server.once('exit', () => reject(new Error(`it ended: ${said}`)));
  });
}

function processes(): { pid: number; parent: number; words: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        const [, parent = ''] = /\) . (\d+)/u.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return [{ pid: Number(name), parent: Number(parent), words }];
      } catch {
        return [];
      }
    });
}

const childrenOf = (parent: number): number[] => processes().flatMap((one) => (one.parent === parent ? [one.pid] : []));

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone in between
  }
}

/** A process that is nothing but a station, publishing to this host, and killed after so many ms. */
export async function killedStation(remote: TestRemote, pki: TestPki, publication: Publication, afterMs: number): Promise<void> {
  const input = {
    options: { at: remote.at, keys: remote.keys, serverCaPem: pki.serverCa.certificatePem, identities: pki.identities },
    publication,
  };
  const file = join(remote.dir, 'station.json');
  writeFileSync(file, JSON.stringify(input));
  const child = spawn(process.execPath, [resolve('test/support/remote-station.ts'), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await new Promise((later) => setTimeout(later, afterMs));
  await kill(child);
}
