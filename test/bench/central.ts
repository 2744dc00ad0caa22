import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { RecordsSync } from '../../src-main/station/central-records/index.ts';
import type { Registry } from '../../src-main/station/registry/index.ts';
import { recordsName, syncFor, TestRecords, type RecordsLogin } from '../support/records.ts';
import { issuerId, pretendCertificate, TestRegistry } from '../support/registry.ts';
import { median, type Figure } from './figure.ts';

const rows = 100_000;
const rounds = 3;
const table = 'birthmark.device_certificates';
const p = (share: number, values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const megabytes = (): number => process.memoryUsage.rss() / 1024 ** 2;

/** As many active certificates as said, of the size that they have (some 600 bytes). */
function fill({ store, issuers }: Registry, count: number): void {
  const keyId = issuers.get(issuerId)?.keyId ?? '';
  const insert = store.sql(
    `INSERT INTO certificates (serial, issuer, use, device, status, spki_sha256, not_before, not_after, fingerprint, der, created_at, updated_at)
       VALUES (?, ?, 'device', ?, 'ACTIVE', ?, ?, ?, ?, ?, ?, ?)`,
  );
  const now = store.now();
  store.transaction(() => {
    for (let n = 0; n < count; n++) {
      const { der, fingerprint: print } = pretendCertificate(keyId, `acme/B-${String(n)}`, 600);
      insert.run(
        randomBytes(20).toString('hex').toUpperCase(),
        issuerId,
        `acme/B-${String(n)}`,
        print,
        now,
        '2036-01-01T00:00:00.000Z',
        print,
        der,
        now,
        now,
      );
    }
  });
}

/** Seconds until nothing waits, and the memory at each quarter of the way. */
async function drain(sync: RecordsSync): Promise<{ readonly seconds: number; readonly memoryMB: readonly number[] }> {
  const start = performance.now();
  const from = sync.view().waiting;
  const memoryMB: number[] = [];
  sync.start();
  for (let { waiting } = sync.view(); waiting > 0; { waiting } = sync.view()) {
    if (waiting <= from * (1 - (memoryMB.length + 1) / 4)) memoryMB.push(Math.round(megabytes()));
    await wait(10);
  }
  const seconds = (performance.now() - start) / 1000;
  await sync.stop();
  return { seconds, memoryMB: [...memoryMB, Math.round(megabytes())] };
}

/** Seconds for the same rows by COPY into a table with the same columns, indexes and constraints: as the station, over the same TLS. */
async function copySeconds({ server, pki }: TestRecords, login: RecordsLogin): Promise<number> {
  const file = join(server.data, 'rows.copy');
  const path = (name: string): string => join(server.dir, name);
  await server.query(`COPY ${table} TO '${file}'`);
  await server.query(`CREATE TABLE birthmark.twin (LIKE ${table} INCLUDING ALL); GRANT INSERT ON birthmark.twin TO birthmark_station;
    ALTER TABLE birthmark.twin ADD FOREIGN KEY (issuer) REFERENCES birthmark.issuers, ADD FOREIGN KEY (station) REFERENCES birthmark.stations`);
  writeFileSync(path('client.pem'), login.certificatePem);
  writeFileSync(path('client.key'), login.keyPem, { mode: 0o600 });
  writeFileSync(path('ca.pem'), pki.serverCa.certificatePem);
  const to = {
    host: 'localhost',
    hostaddr: '127.0.0.1',
    port: server.port,
    dbname: login.at.database,
    user: `station_${login.station}`,
    sslmode: 'verify-full',
    sslrootcert: path('ca.pem'),
    sslcert: path('client.pem'),
    sslkey: path('client.key'),
  };
  const connection = Object.entries(to)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
  const start = performance.now();
  await promisify(execFile)('psql', ['-X', '-v', 'ON_ERROR_STOP=1', connection, '-c', `\\copy birthmark.twin FROM '${file}'`]);
  const seconds = (performance.now() - start) / 1000;
  await server.query('DROP TABLE birthmark.twin');
  return seconds;
}

/** `outbox-100k`: a backlog of 100,000 certificates into an empty table, against COPY of the same rows, in alternating rounds. */
export async function outbox100k(): Promise<Figure> {
  const records = await TestRecords.start(['aaaa0001'], { fsync: true });
  const made = new TestRegistry();
  try {
    const [login] = records.logins;
    if (login === undefined) throw new Error('a login was made');
    fill(made.registry, rows);
    await records.register(made.registry, login, 'acme');
    const [ours, copy, replay]: [number[], number[], number[]] = [[], [], []];
    const memory: (readonly number[])[] = [];
    for (let round = 0; round < rounds; round++) {
      await records.server.query(`TRUNCATE ${table}; CHECKPOINT`);
      made.registry.records.use(recordsName, login.at, 'bench');
      const { seconds, memoryMB } = await drain(syncFor(made.registry, login));
      ours.push(seconds);
      memory.push(memoryMB);
      await records.server.query('CHECKPOINT');
      copy.push(await copySeconds(records, login));
      made.registry.records.use(recordsName, login.at, 'bench');
      replay.push((await drain(syncFor(made.registry, login))).seconds);
    }
    const [{ n } = { n: 0 }] = await records.server.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
    if (n !== rows) throw new Error(`${String(n)} rows are there`);
    const [value, baseline] = [rows / median(ours), rows / median(copy)];
    const detail = { rounds: ours, copy, replaySeconds: median(replay), memoryMB: memory };
    return { value, unit: 'records/s', baseline, ratio: value / baseline, detail };
  } finally {
    made.dispose();
    await records.server.stop();
  }
}

const million = 1_000_000;
const queries = 20_000;

/** Milliseconds of each of `queries` round trips, one after the other. */
async function times(client: pg.Client, name: string, text: string, value: (n: number) => string[]): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < queries; n++) {
    const values = value(n);
    const start = performance.now();
    await client.query({ name, text, values });
    all.push(performance.now() - start);
  }
  return all;
}

/** `status-1m`: p99 of the status query by fingerprint at a million rows, as an ingest service asks it, against a query that asks nothing. */
export async function status1m(): Promise<Figure> {
  const { server } = await TestRecords.start(['aaaa0001']);
  const client = new pg.Client({ host: server.dir, port: server.port, user: 'ingest', database: 'birthmark' });
  try {
    await server.query(
      `INSERT INTO birthmark.issuers VALUES (repeat('0', 40), 'aaaa0001', 'issuing', 'CN=CA', repeat('0', 64), 'pem', now(), now() + '9 years')`,
    );
    await server.query(`SELECT birthmark.register_tenants('aaaa0001', 'acme')`);
    // The fingerprints are of numbers: what a station would have to bring is not looked at here.
    await server.query(`ALTER TABLE ${table} DROP CONSTRAINT device_certificates_true; INSERT INTO ${table}
      SELECT repeat('0', 40), upper(md5(n::text)), 'device', 'acme', 'D-' || n, 'acme/D-' || n, encode(sha256(n::text::bytea), 'hex'), repeat('x', 800),
        (CASE WHEN n % 50 = 0 THEN 'REVOKED' WHEN n % 20 = 0 THEN 'EXPIRED' ELSE 'ACTIVE' END)::birthmark.record_status, now(), now() + '1 year', now(), 'superseded', 'aaaa0001', now(), now()
      FROM generate_series(1, ${String(million)}) n`);
    await server.query(`VACUUM ANALYZE ${table}`);
    await server.query('CREATE ROLE ingest LOGIN IN ROLE birthmark_ingest');
    await client.connect();
    const some = (): number => 1 + Math.floor(Math.random() * million * 1.02);
    const print = (): string[] => [createHash('sha256').update(String(some())).digest('hex')];
    await times(client, 'status', 'SELECT birthmark.certificate_status($1)', print);
    const bare = await times(client, 'bare', 'SELECT $1::text', print);
    const status = await times(client, 'status', 'SELECT birthmark.certificate_status($1)', print);
    const byName = await times(client, 'name', 'SELECT birthmark.device_status($1)', () => [`acme/D-${String(some())}`]);
    const [value, baseline] = [p(0.99, status), p(0.99, bare)];
    return {
      value,
      unit: 'ms',
      baseline,
      ratio: baseline / value,
      detail: { rows: million, queries, p50: p(0.5, status), byNameP99: p(0.99, byName), barep50: p(0.5, bare) },
    };
  } finally {
    await client.end().catch(() => undefined);
    await server.stop();
  }
}
