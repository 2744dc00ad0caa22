import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './raw-mosquitto.ts';
import type { TestStation } from './station.ts';

/** Where Debian puts it: a folder for each version, the newest last. */
function postgresBin(): string {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root)
    ? readdirSync(root)
        .sort((a, b) => Number(a) - Number(b))
        .at(-1)
    : undefined;
  if (version === undefined) throw new Error('missing: PostgreSQL; apt-get install postgresql-15');
  return join(root, version, 'bin');
}

/** PostgreSQL does not run as root; Debian's package has a user for it. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const of = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: of('-u'), gid: of('-g') };
}

export interface PostgresSetup {
  /** Above the clients' certificates. */
  readonly clientCaPem: string;
  readonly serverPem: string;
  readonly serverKeyPem: string;
  /** Lists of all CAs; null: none are looked at. */
  readonly crlPem?: string | null;
  /** Off where only processes are killed and never the computer. */
  readonly fsync?: boolean;
}

const database = 'birthmark';
const sql = resolve('resources/broker/sql');

/** A PostgreSQL as the administrator of a broker host sets it up, with the samples that are shipped, in a folder and on 127.0.0.1. */
export class TestPostgres {
  readonly dir: string;
  readonly port: number;
  readonly #bin = postgresBin();
  readonly #as = unprivileged();
  #server: ChildProcess | null = null;

  private constructor(dir: string, port: number) {
    this.dir = dir;
    this.port = port;
  }

  static async start(setup: PostgresSetup): Promise<TestPostgres> {
    const server = new TestPostgres(mkdtempSync(join(tmpdir(), 'bm-pg-')), await freePort());
    server.#own(server.dir, 0o700);
    execFileSync(
      join(server.#bin, 'initdb'),
      ['-D', server.data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '--no-sync'],
      { ...server.#as, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    server.#configure(setup);
    await server.run();
    return server;
  }

  get data(): string {
    return join(this.dir, 'data');
  }

  #own(path: string, mode: number): void {
    const { uid, gid } = this.#as;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    chmodSync(path, mode);
  }

  #write(name: string, text: string, mode = 0o600): string {
    const path = join(this.dir, name);
    writeFileSync(path, text);
    this.#own(path, mode);
    return path;
  }

  #configure({ clientCaPem, serverPem, serverKeyPem, crlPem = null, fsync = false }: PostgresSetup): void {
    const files = {
      '/etc/birthmark/postgresql/server.pem': this.#write('server.pem', serverPem),
      '/etc/birthmark/postgresql/server.key': this.#write('server.key', serverKeyPem),
      '/etc/birthmark/root.pem': this.#write('root.pem', clientCaPem),
      '/etc/birthmark/postgresql/crls.pem': this.#write('crls.pem', crlPem ?? ''),
    };
    let shipped = readFileSync(join(sql, 'postgresql.conf.sample'), 'utf8');
    for (const [from, to] of Object.entries(files)) shipped = shipped.replace(from, to);
    if (crlPem !== null) shipped = shipped.replace('#ssl_crl_file', 'ssl_crl_file');
    const ours = [
      `listen_addresses = '127.0.0.1'`,
      `port = ${String(this.port)}`,
      `unix_socket_directories = '${this.dir}'`,
      `fsync = ${fsync ? 'on' : 'off'}`,
      `shared_buffers = '64MB'`,
      `max_connections = 40`,
      'logging_collector = off',
    ];
    writeFileSync(join(this.data, 'postgresql.conf'), [shipped, ...ours, ''].join('\n'));
    writeFileSync(join(this.data, 'pg_hba.conf'), `local all all trust\n${readFileSync(join(sql, 'pg_hba.conf.sample'), 'utf8')}`);
    writeFileSync(join(this.data, 'pg_ident.conf'), readFileSync(join(sql, 'pg_ident.conf.sample')));
  }

  /** Starts it, again after a kill; resolves when it takes connections. */
  async run(): Promise<void> {
    const log = this.#write('log', '');
    const child = spawn('sh', ['-c', `exec "$0" -D "$1" >>"$2" 2>&1`, join(this.#bin, 'postgres'), this.data, log], {
      ...this.#as,
      stdio: 'ignore',
    });
    this.#server = child;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) {
        const said = readFileSync(log, 'utf8');
        // The children of a server that was killed outlive it for a moment.
        if (said.includes('is still in use')) return this.run();
        throw new Error(`PostgreSQL ended: ${said}`);
      }
      try {
        await (await this.admin('postgres')).end();
        return;
      } catch {
        await new Promise((next) => setTimeout(next, 20));
      }
    }
  }

  /** A superuser over the socket. */
  async admin(name: string = database): Promise<pg.Client> {
    const client = new pg.Client({ host: this.dir, port: this.port, user: 'postgres', database: name });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async query<R extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    const client = await this.admin();
    try {
      return (await client.query<R>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** migrate.sh as it is shipped. */
  async migrate(...more: string[]): Promise<string> {
    const psql = `psql -h ${this.dir} -p ${String(this.port)} -U postgres`;
    return (await promisify(execFile)(join(sql, 'migrate.sh'), ['--psql', psql, ...more])).stdout;
  }

  /** As its administrator registers a station, with the file that an officer made; `change` damages the file. Resolves with what migrate.sh said. */
  async register(station: TestStation, tenants: readonly string[], change: (file: string) => string = (file) => file): Promise<string> {
    const { file, station: id } = await station.call('records.register', { tenants: [...tenants] });
    const path = join(this.dir, `${id}.registration`);
    writeFileSync(path, change(file));
    return this.migrate('--registration', path, '--root-ca', join(this.dir, 'root.pem'));
  }

  /** SIGKILL to one backend that serves a station: PostgreSQL then throws out everybody and recovers. */
  async killBackend(): Promise<boolean> {
    let client: pg.Client | null = null;
    try {
      client = await this.admin();
      const { rows } = await client.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE usename LIKE 'station%' LIMIT 1`);
      if (rows[0] === undefined) return false;
      process.kill(rows[0].pid, 'SIGKILL');
      return true;
    } catch {
      // It recovers from the last one.
      return false;
    } finally {
      await client?.end().catch(() => undefined);
    }
  }

  /** SIGKILL to the server itself. */
  async kill(): Promise<void> {
    const child = this.#server;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    const child = this.#server;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGQUIT');
      await exited;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
