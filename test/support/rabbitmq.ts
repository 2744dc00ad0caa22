import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const rabbitmqServer = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const user = 'birthmark';

export interface RabbitmqFiles {
  /** PEM: whom devices' certificates must come from; the broker's own certificate and its key. */
  readonly clientCaPem: string;
  readonly serverPem: string;
  readonly serverKeyPem: string;
}

interface Node {
  readonly name: string;
  readonly port: number;
  readonly managementPort: number;
  readonly folder: string;
  readonly process: ChildProcess;
}

/** A cluster of RabbitMQ nodes as an administrator sets them up after docs/rabbitmq.md: on 127.0.0.1, in folders and with an epmd of its own. */
export class TestRabbitmq {
  readonly dir = mkdtempSync(join(tmpdir(), 'birthmark-rabbitmq-'));
  readonly password = randomUUID();
  readonly nodes: Node[] = [];
  readonly #files: RabbitmqFiles;
  readonly #epmdPort: number;
  #epmd: ChildProcess | null = null;

  private constructor(files: RabbitmqFiles, epmdPort: number) {
    this.#files = files;
    this.#epmdPort = epmdPort;
  }

  static async start(files: RabbitmqFiles, count: number): Promise<TestRabbitmq> {
    if (!existsSync(rabbitmqServer)) throw new Error('these tests need the Debian package rabbitmq-server');
    const cluster = new TestRabbitmq(files, await freePort());
    try {
      await cluster.#startEpmd();
      for (let n = 1; n <= count; n++) await cluster.#startNode(n);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** As the contract has it. */
  get at(): {
    nodes: { host: string; port: number; serverName: string; folder: string }[];
    managementPort: number;
    managementUser: string;
  } {
    return {
      nodes: this.nodes.map(({ port, folder }) => ({ host: '127.0.0.1', port, serverName: 'localhost', folder })),
      managementPort: this.#node(0).managementPort,
      managementUser: user,
    };
  }

  async api(path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#node(0).managementPort}/api/${path}`, {
      headers: { authorization: `Basic ${Buffer.from(`${user}:${this.password}`).toString('base64')}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  log(): string {
    return this.nodes
      .map(({ name }) => join(this.dir, name, 'log', `${name}.log`))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
  }

  async stop(): Promise<void> {
    for (const { process: node } of this.nodes) await ended(node);
    if (this.#epmd !== null) await ended(this.#epmd);
    rmSync(this.dir, { recursive: true, force: true });
  }

  #node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error('no such node');
    return node;
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.dir,
      ERL_EPMD_PORT: String(this.#epmdPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      LANG: 'C.UTF-8',
      RUNNING_UNDER_SYSTEMD: 'true',
    };
  }

  async #startEpmd(): Promise<void> {
    this.#epmd = spawn('epmd', ['-relaxed_command_check'], { env: this.#env, stdio: 'ignore' });
    await once(this.#epmd, 'spawn');
  }

  async #startNode(n: number): Promise<void> {
    const name = `birthmark${n}`;
    const dir = join(this.dir, name);
    const folder = join(dir, 'crl');
    mkdirSync(folder, { recursive: true });
    const [port, managementPort, distPort] = [await freePort(), await freePort(), await freePort()];
    const files = { cas: join(dir, 'cas.pem'), server: join(dir, 'server.pem'), key: join(dir, 'server.key') };
    writeFileSync(files.cas, this.#files.clientCaPem);
    writeFileSync(files.server, this.#files.serverPem);
    writeFileSync(files.key, this.#files.serverKeyPem, { mode: 0o600 });
    writeFileSync(join(dir, 'plugins'), '[rabbitmq_mqtt,rabbitmq_management,rabbitmq_auth_mechanism_ssl].\n');
    const seeds =
      n === 1
        ? ''
        : `cluster_formation.peer_discovery_backend = classic_config\ncluster_formation.classic_config.nodes.1 = birthmark1@localhost\ncluster_formation.classic_config.nodes.2 = ${name}@localhost\n`;
    writeFileSync(
      join(dir, 'rabbitmq.conf'),
      `listeners.tcp = none
mqtt.listeners.tcp = none
mqtt.listeners.ssl.1 = 127.0.0.1:${port}
mqtt.allow_anonymous = false
mqtt.ssl_cert_login = true
ssl_cert_login_from = common_name
management.tcp.ip = 127.0.0.1
management.tcp.port = ${managementPort}
default_user = ${user}
default_pass = ${this.password}
${seeds}`,
    );
    const path = (text: string): string => JSON.stringify(text);
    writeFileSync(
      join(dir, 'advanced.config'),
      `[{rabbit, [{ssl_options, [
  {cacertfile, ${path(files.cas)}}, {certfile, ${path(files.server)}}, {keyfile, ${path(files.key)}},
  {versions, ['tlsv1.3', 'tlsv1.2']}, {verify, verify_peer}, {fail_if_no_peer_cert, true}, {reuse_sessions, false},
  {crl_check, peer}, {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, ${path(folder)}}]}}}
]}]},
 {rabbitmq_mqtt, [{ignore_colons_in_username, true}]}].
`,
    );
    const node = spawn(rabbitmqServer, [], {
      cwd: dir,
      env: {
        ...this.#env,
        RABBITMQ_CONF_ENV_FILE: join(dir, 'none'),
        RABBITMQ_NODENAME: `${name}@localhost`,
        RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
        RABBITMQ_LOG_BASE: join(dir, 'log'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'plugins'),
        RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
        RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
        RABBITMQ_PID_FILE: join(dir, 'pid'),
        RABBITMQ_DIST_PORT: String(distPort),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let over = false;
    node.stdout.on('data', (data: Buffer) => (said += data.toString()));
    node.stderr.on('data', (data: Buffer) => (said += data.toString()));
    node.once('close', () => (over = true));
    this.nodes.push({ name: `${name}@localhost`, port, managementPort, folder, process: node });
    while (!(await this.#runs(n))) {
      if (over) throw new Error(`RabbitMQ did not start:\n${said}\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** All of the first `count` nodes are in the cluster, and the last of them listens. */
  async #runs(count: number): Promise<boolean> {
    try {
      const nodes = (await this.api('nodes?columns=name,running')) as { running: boolean }[];
      const listeners = ((await this.api('overview')) as { listeners: { protocol: string }[] }).listeners;
      return (
        nodes.filter(({ running }) => running).length === count &&
        listeners.filter(({ protocol }) => protocol === 'mqtt/ssl').length === count
      );
    } catch {
      return false;
    }
  }
}

/** By pid only. rabbitmq-server is a script that hands its place over to Erlang, which ends by SIGTERM. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  child.kill('SIGTERM');
  await over;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
