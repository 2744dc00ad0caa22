import { isIP, Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import pg from 'pg';
import { z } from 'zod';
import { Failure, firstProblem, type RecordsHost } from '../../contract/index.ts';
import { isLockTimeout, named, type RecordRefused } from './failures.ts';

/** The schema that this station writes: the number of the last migration in resources/broker/sql. */
export const recordsSchema = 6;

const connectMs = 10_000;
/** Of one statement; a batch takes a fraction of a second. */
const statementMs = 60_000;
const lockMs = 2_000;
/** Of NOTIFY, when a request or an answer is put into the table. */
export const requestsChannel = 'birthmark_requests';

export interface RecordsClient {
  readonly host: RecordsHost;
  /** Of this station there. */
  readonly station: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** The CA of the database's certificate. */
  readonly caPem: string;
}

/** A session of this station with a central database. Only one at a time writes as this station. */
export class Connection {
  readonly #client: pg.Client;
  readonly #socket: Socket;
  readonly #options: RecordsClient;
  #lost: (() => void) | null = null;
  #called: (() => void) | null = null;
  isOpen = true;

  private constructor(client: pg.Client, socket: Socket, options: RecordsClient) {
    this.#client = client;
    this.#socket = socket;
    this.#options = options;
    const ended = (): void => {
      this.isOpen = false;
      this.#lost?.();
    };
    client.on('error', ended);
    client.on('end', ended);
    client.on('notification', () => this.#called?.());
  }

  /** RECORDS_AWAY, RECORDS_UNTRUSTED, RECORDS_REFUSED, RECORDS_NO_DATABASE, RECORDS_SCHEMA_OLDER, RECORDS_SCHEMA_NEWER, RECORDS_BUSY. */
  static async open(options: RecordsClient, use: 'writing' | 'reading' = 'writing'): Promise<Connection> {
    const { host, station } = options;
    const serverName = host.serverName ?? host.host;
    const socket = new Socket();
    const client = new pg.Client({
      stream: () => socket,
      // Statements are sent without waiting for the answers to those before them.
      pipeline: true,
      host: host.host,
      port: host.port,
      database: host.database,
      user: `station_${station}`,
      // Where the server asks for one it does not want our certificate, and gets nothing else.
      password: '',
      application_name: 'birthmark',
      connectionTimeoutMillis: connectMs,
      query_timeout: statementMs + connectMs,
      keepAlive: true,
      ssl: {
        ca: options.caPem,
        cert: options.certificatePem,
        key: options.keyPem,
        minVersion: 'TLSv1.2',
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
      },
    });
    const connection = new Connection(client, socket, options);
    try {
      await client.connect();
      await connection.#prepare(use);
      return connection;
    } catch (thrown) {
      connection.close();
      throw connection.named(thrown);
    }
  }

  async #prepare(use: 'writing' | 'reading'): Promise<void> {
    const { host } = this.#options;
    // search_path last of all: nothing outside of the schema is ever meant.
    await this.#client.query(
      `SET search_path = birthmark; SET statement_timeout = ${String(statementMs)}; SET lock_timeout = ${String(lockMs)}; SET timezone = 'UTC'`,
    );
    const found = await this.#schema();
    if (found < recordsSchema) throw new Failure('RECORDS_SCHEMA_OLDER', { host: host.host, port: host.port, found, known: recordsSchema });
    if (found > recordsSchema) throw new Failure('RECORDS_SCHEMA_NEWER', { host: host.host, port: host.port, found, known: recordsSchema });
    // A session whose end the server has not seen yet may still write what is old by now.
    if (use === 'reading') return;
    await this.#lock();
    await this.#client.query(`LISTEN ${requestsChannel}`);
  }

  /** RECORDS_BUSY with who holds it. */
  async #lock(): Promise<void> {
    try {
      await this.#client.query('SELECT lock_station()');
    } catch (thrown) {
      if (!isLockTimeout(thrown)) throw thrown;
      const { host, port } = this.host;
      throw new Failure('RECORDS_BUSY', { host, port, holder: await this.#holder() }, thrown);
    }
  }

  async #holder(): Promise<string> {
    const { rows } = await this.#client.query<pg.QueryResultRow>(
      `SELECT coalesce(host(client_addr), 'the database’s own computer') AS address, to_char(backend_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
         FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND granted AND usename = session_user AND pid <> pg_backend_pid() LIMIT 1`,
    );
    const [holder] = z.array(z.object({ address: z.string(), since: z.string() })).parse(rows);
    return holder === undefined ? 'it has just ended' : `from ${holder.address}, since ${holder.since}`;
  }

  async #schema(): Promise<number> {
    try {
      const { rows } = await this.#client.query<pg.QueryResultRow>('SELECT max(version) AS version FROM birthmark.schema_version');
      return z.int().nullish().parse(rows[0]?.['version']) ?? 0;
    } catch (thrown) {
      const { code } = thrown as { code?: string };
      if (code === '42P01' || code === '3F000') return 0;
      throw thrown;
    }
  }

  get host(): RecordsHost {
    return this.#options.host;
  }

  get station(): string {
    return this.#options.station;
  }

  /** Requests or answers have come; said by whoever sends them. */
  onRequests(listener: () => void): void {
    this.#called = listener;
  }

  onLost(listener: () => void): void {
    this.#lost = listener;
  }

  /** A prepared statement, by `name`. Throws what `named` makes of it. */
  async run(name: string, text: string, values: unknown[] = []): Promise<void> {
    await this.#rows(name, text, values);
  }

  /** The same for one that answers rows of this shape; RECORDS_FAILED for a row that has another. */
  async read<T>(shape: z.ZodType<T>, name: string, text: string, values: unknown[] = []): Promise<T[]> {
    const { host, port } = this.host;
    return (await this.#rows(name, text, values)).map((row) => {
      const result = shape.safeParse(row);
      if (result.success) return result.data;
      const { field, problem } = firstProblem(result.error, name);
      throw new Failure(
        'RECORDS_FAILED',
        { host, port, problem: `${field} ${problem}, in the answer to “${name}”`, sqlstate: 'no SQLSTATE' },
        text,
      );
    });
  }

  async #rows(name: string, text: string, values: unknown[]): Promise<unknown[]> {
    try {
      return (await this.#client.query<pg.QueryResultRow>({ name, text, values })).rows;
    } catch (thrown) {
      throw this.named(thrown);
    }
  }

  /**
   * All of it or nothing; of a commit whose answer got lost nobody knows which, so `work` must be one that may be done twice. It must ask for all of its
   * statements before it first waits: begin, statements and commit go out together, and of a transaction in which one failed PostgreSQL makes a rollback.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.run('begin', 'BEGIN');
    const value = work();
    const committed = this.run('commit', 'COMMIT');
    for (const one of [begun, value, committed]) one.catch(() => undefined);
    await begun;
    const result = await value;
    await committed;
    return result;
  }

  named(thrown: unknown): Failure | RecordRefused {
    return named(thrown, this.#options.host, this.#options.station);
  }

  close(): void {
    this.isOpen = false;
    // Not with a farewell: what is under way is not waited for, and counts as not sent.
    this.#socket.destroy();
  }
}
