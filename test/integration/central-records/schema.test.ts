import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { TestPki } from '../../support/mosquitto.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { TestPostgres } from '../../support/postgres.ts';

/** The database of the central records as its administrator makes it: what each of its roles may, and what nobody can do. */
const pki = new TestPki();
const [one, two, closed] = ['aaaa0001', 'aaaa0002', 'aaaa0003'].map((id) => ({
  id,
  client: pki.issuer.issue(`birthmark:records-${id}`),
})) as [Login, Login, Login];
interface Login {
  readonly id: string;
  readonly client: TestIdentity;
}
const revoked = pki.issuer.issue(`birthmark:records-${two.id}`);
let server: TestPostgres;

beforeAll(async () => {
  server = await TestPostgres.start({
    clientCaPem: pki.clientCaPem,
    serverPem: pki.server.certificatePem,
    serverKeyPem: pki.server.keyPem,
    crlPem: pki.root.crl({ number: 1 }) + pki.issuer.crl({ number: 1, revoked: [revoked.serial] }),
  });
});
afterAll(() => server.stop());

async function login(user: string, identity: TestIdentity | null, password?: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    database: 'birthmark',
    user,
    password: password ?? '',
    ssl: {
      ca: pki.serverCa.certificatePem,
      ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.keyPem }),
      checkServerIdentity: () => undefined,
    },
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
const asStation = (of: Login): Promise<pg.Client> => login(`station_${of.id}`, of.client);
/** The message of a refusal; empty when it was no refusal. */
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => '',
    (thrown: unknown) => (thrown as Error).message,
  );

/** Of a certificate with this number, as far as the database looks into one. */
const der = (of: Login, n: number, name: string): Buffer =>
  Buffer.concat([Buffer.from(n.toString(16).padStart(64, '0') + `30168014${keyId(of)}`, 'hex'), Buffer.from(name)]);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const print = (n: number, of = one, name = `acme/D-${String(n)}`): string => sha256(der(of, n, name));
const keyId = (of: Login): string => of.id.padEnd(40, '0');
const register = (of: Login, ...tenants: string[]): Promise<unknown> =>
  server.query(`SELECT birthmark.register_issuer('${of.id}', '${keyId(of)}', 'issuing', 'CN=Issuer', '${'0'.repeat(64)}', 'pem', now(), now() + '9 years'),
    birthmark.register_tenants('${of.id}', VARIADIC '{${tenants.join(',')}}')`);
interface CertificateOptions {
  readonly tenant?: string;
  readonly notAfter?: string;
  readonly name?: string;
  /** What it says of itself, where that is not so. */
  readonly says?: { readonly fingerprint?: string; readonly name?: string };
}
function certificate(of: Login, n: number, status: string, options: CertificateOptions = {}): string {
  const { tenant = 'acme', notAfter = `now() + '1 year'`, name = `${tenant}/D-${String(n)}`, says = {} } = options;
  const bytes = der(of, n, name);
  const shown = says.name ?? name;
  return `INSERT INTO birthmark.device_certificates VALUES ('${keyId(of)}', '${n.toString(16).toUpperCase()}', 'device', '${tenant}', '${shown.split('/')[1] ?? ''}', '${shown}',
     '${says.fingerprint ?? sha256(bytes)}', '-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n', '${status}',
     now() - '2 years'::interval, ${notAfter}, ${status === 'REVOKED' ? `now(), 'superseded'` : 'NULL, NULL'}, '${of.id}', now(), now())`;
}
const device = (of: Login, n: number, tenant = 'acme'): string =>
  `INSERT INTO birthmark.devices VALUES ('${tenant}', 'D-${String(n)}', '${of.id}', NULL, 'S1', 'APPROVED', NULL, now())`;

test('the migration says what it would do, does it once, and a second time finds nothing', async () => {
  const stations = [one, two, closed].flatMap(({ id }) => ['--station', `${id}=Line of ${id}`]);
  const dry = await server.migrate('--dry-run', ...stations);
  expect(dry).toMatch(
    /would: make the database birthmark\nwould: schema 1: 0001-tables\.sql\nwould: schema 2.*\nwould: schema 3.*\nwould: schema 4.*\nwould: schema 5.*\nwould: schema 6/u,
  );
  expect(
    await server.query('SELECT 1').then(
      () => 'there',
      () => 'not there',
    ),
  ).toBe('not there');
  expect(await server.migrate(...stations)).toMatch(
    /^make the database birthmark\nschema 1.*\nschema 2.*\nschema 3.*\nschema 4.*\nschema 5.*\nschema 6.*\nlet the station/u,
  );
  expect(await server.migrate(...stations)).toBe('nothing to change\n');
  expect(await server.migrate('--dry-run', ...stations)).toBe('nothing to change\n');
  expect(await server.query('SELECT version FROM birthmark.schema_version ORDER BY 1')).toEqual([
    { version: 1 },
    { version: 2 },
    { version: 3 },
    { version: 4 },
    { version: 5 },
    { version: 6 },
  ]);
  const untold = await server.query(
    `SELECT relname FROM pg_class WHERE relnamespace = 'birthmark'::regnamespace AND relkind = 'r' AND obj_description(oid, 'pg_class') IS NULL`,
  );
  expect(untold).toEqual([]);
});

test('a step that fails leaves the schema as it was', async () => {
  await server.query(`DELETE FROM birthmark.schema_version WHERE version >= 3`);
  expect(await refusal(server.migrate())).toMatch(/already exists/u);
  expect(await server.query('SELECT max(version) AS version FROM birthmark.schema_version')).toEqual([{ version: 2 }]);
  await server.query(`INSERT INTO birthmark.schema_version VALUES (3), (4), (5), (6), (99)`);
  expect(await refusal(server.migrate())).toMatch(/has schema 99, this script knows 6/u);
  await server.query(`DELETE FROM birthmark.schema_version WHERE version = 99`);
});

test('only a station’s own certificate lets it in: not without, not another’s, not a device’s, not a revoked one, not over plain TCP', async () => {
  await (await asStation(one)).end();
  expect(await refusal(login(`station_${one.id}`, null))).toMatch(/requires a valid client certificate/u);
  expect(await refusal(login(`station_${one.id}`, two.client))).toMatch(/certificate authentication failed/u);
  expect(await refusal(login(`station_${one.id}`, pki.device('acme/D-1')))).toMatch(/certificate authentication failed/u);
  expect(await refusal(login('postgres', one.client))).toMatch(/pg_hba\.conf rejects/u);
  expect(await refusal(login(`station_${two.id}`, revoked))).toMatch(/certificate revoked/u);
  expect(await refusal(login(`station_${one.id}`, pki.serverCa.issue(`birthmark:records-${one.id}`)))).toMatch(/unknown ca/u);
  const plain = new pg.Client({ host: '127.0.0.1', port: server.port, database: 'birthmark', user: `station_${one.id}` });
  expect(await refusal(plain.connect())).toMatch(/no encryption/u);
});

test('a station that is closed is out at once, with its session, and can be let in again', async () => {
  const session = await asStation(closed);
  await server.migrate('--close', closed.id);
  expect(await refusal(session.query('SELECT 1'))).not.toBe('');
  expect(await refusal(asStation(closed))).toMatch(/not permitted to log in/u);
  expect(await server.query(`SELECT closed_at IS NOT NULL AS closed FROM birthmark.stations WHERE station = '${closed.id}'`)).toEqual([
    { closed: true },
  ]);
  expect(await server.migrate('--station', `${closed.id}=Line`)).toMatch(/let the station/u);
  await (await asStation(closed)).end();
});

test('a station writes what is its own and nothing of another’s; nothing goes back, nothing is deleted', async () => {
  const [first, second] = [await asStation(one), await asStation(two)];
  await register(one, 'acme', 'beta');
  await register(two, 'acme');
  for (const text of [device(one, 1), certificate(one, 1, 'ACTIVE')]) await first.query(text);
  const denied: [pg.Client, string, RegExp][] = [
    [second, certificate(one, 2, 'ACTIVE'), /row-level security/u],
    // Of an issuer of another station, under its own name.
    [second, certificate(one, 2, 'ACTIVE').replace(`'${one.id}'`, `'${two.id}'`), /row-level security/u],
    [second, device(one, 2), /row-level security/u],
    [second, `INSERT INTO birthmark.audit_checkpoints VALUES ('${one.id}', 1, '${print(1)}', now())`, /row-level security/u],
    [first, `UPDATE birthmark.device_certificates SET serial_number = 'FF'`, /permission denied/u],
    [first, `DELETE FROM birthmark.device_certificates`, /permission denied/u],
    [first, `TRUNCATE birthmark.alerts`, /permission denied/u],
    [first, `UPDATE birthmark.stations SET closed_at = NULL`, /permission denied/u],
    [first, `CALL birthmark.add_station('ffff', 'mine')`, /permission denied/u],
    [first, `CREATE TABLE birthmark.mine (n int)`, /permission denied/u],
    [first, `INSERT INTO birthmark.schema_version VALUES (4)`, /permission denied/u],
  ];
  for (const [client, text, why] of denied) expect([text, await refusal(client.query(text))]).toEqual([text, expect.stringMatching(why)]);
  // Another's rows are seen and not changed, whatever is set.
  expect(
    (await second.query(`UPDATE birthmark.device_certificates SET status = 'REVOKED', revoked_at = now(), reason = 'superseded'`)).rowCount,
  ).toBe(0);
  await first.query(
    `UPDATE birthmark.device_certificates SET status = 'REVOKED', revoked_at = now(), reason = 'superseded' WHERE serial_number = '1'`,
  );
  expect(await refusal(first.query(`UPDATE birthmark.device_certificates SET status = 'ACTIVE'`))).toMatch(/would go back/u);
  await first.query(`INSERT INTO birthmark.audit_checkpoints VALUES ('${one.id}', 1, '${print(1)}', now())`);
  expect(await refusal(first.query(`UPDATE birthmark.audit_checkpoints SET hash = '${print(2)}'`))).toMatch(/permission denied/u);
  await first.end();
  await second.end();
});

test('a dashboard sees its tenants and nothing else; an ingest service asks for a status and sees no table', async () => {
  const station = await asStation(one);
  for (const text of [certificate(one, 3, 'ACTIVE'), certificate(one, 4, 'ACTIVE', { tenant: 'beta' }), device(one, 4, 'beta')])
    await station.query(text);
  await station.end();
  await server.query(`CALL birthmark.add_dashboard('acme_board', 'acme')`);
  await server.query(`ALTER ROLE acme_board PASSWORD 'board'; CREATE ROLE ingest LOGIN PASSWORD 'ingest' IN ROLE birthmark_ingest`);
  const board = await login('acme_board', null, 'board');
  const column = async (text: string): Promise<unknown[]> => (await board.query<unknown[]>({ text, rowMode: 'array' })).rows.flat();
  expect(await column('SELECT DISTINCT tenant_id FROM birthmark.device_certificates')).toEqual(['acme']);
  expect(await column('SELECT tenant_id FROM birthmark.tenants')).toEqual(['acme']);
  expect(await column('SELECT DISTINCT tenant_id FROM birthmark.devices')).toEqual(['acme']);
  for (const table of ['stations', 'issuers', 'revocation_requests', 'audit_checkpoints', 'dashboard_tenants', 'crl_publications'])
    expect([table, await refusal(board.query(`SELECT * FROM birthmark.${table}`))]).toEqual([
      table,
      expect.stringMatching(/permission denied/u),
    ]);
  expect(await refusal(board.query(`INSERT INTO birthmark.tenants VALUES ('mine')`))).toMatch(/permission denied/u);
  await board.end();
  const ingest = await login('ingest', null, 'ingest');
  expect((await ingest.query(`SELECT birthmark.certificate_status('${print(3)}') AS status`)).rows).toEqual([{ status: 'ACTIVE' }]);
  expect(await refusal(ingest.query('SELECT 1 FROM birthmark.device_certificates'))).toMatch(/permission denied/u);
  await ingest.end();
});

test('the status query: ACTIVE, REVOKED, EXPIRED, UNKNOWN, by fingerprint and by common name, from the index alone', async () => {
  const station = await asStation(one);
  for (const [n, status, end] of [
    [10, 'ACTIVE'],
    [11, 'REVOKED'],
    [12, 'ACTIVE', `now() - '1 day'::interval`],
    [13, 'EXPIRED'],
    [14, 'SIGNED'],
    [15, 'ROTATING'],
    [16, 'REVOKED', `now() - '1 day'::interval`],
  ] as const)
    await station.query(certificate(one, n, status, end === undefined ? {} : { notAfter: end }));
  // One device with three certificates: a run that failed, the one in force, and the one before it.
  for (const [n, status, end] of [
    [20, 'REVOKED', `now() + '3 years'`],
    [21, 'ACTIVE', `now() + '2 years'`],
    [22, 'EXPIRED', `now() - '1 day'::interval`],
  ] as const)
    await station.query(certificate(one, n, status, { notAfter: end, name: 'acme/many' }));
  await station.end();
  const client = await server.admin();
  const status = async (call: string): Promise<string> =>
    String((await client.query<{ s: string }>(`SELECT birthmark.${call} AS s`)).rows[0]?.s);
  const wanted = { 10: 'ACTIVE', 11: 'REVOKED', 12: 'EXPIRED', 13: 'EXPIRED', 14: 'UNKNOWN', 15: 'ACTIVE', 16: 'REVOKED', 99: 'UNKNOWN' };
  for (const [n, answer] of Object.entries(wanted)) {
    expect([n, await status(`certificate_status('${print(Number(n))}')`)]).toEqual([n, answer]);
    expect([n, await status(`device_status('acme/D-${n}')`)]).toEqual([n, answer]);
  }
  const colons = print(11)
    .toUpperCase()
    .replace(/..(?=.)/gu, '$&:');
  expect(await status(`certificate_status('${colons}')`)).toBe('REVOKED');
  expect(await status(`device_status('acme/many')`)).toBe('ACTIVE');
  expect(await status(`certificate_status('''; DROP TABLE birthmark.alerts; --')`)).toBe('UNKNOWN');

  // The plan that the functions really have: PostgreSQL tells it of the statements inside them.
  await client.query(`INSERT INTO birthmark.device_certificates SELECT issuer, 'F' || n, use, tenant_id, device_id, 'acme/F-' || n, encode(sha256(d), 'hex'), encode(d, 'base64'),
    status, not_before, not_after, revoked_at, reason, station, created_at, updated_at FROM birthmark.device_certificates, generate_series(1, 5000) n, LATERAL (SELECT decode('30168014' || issuer, 'hex') || convert_to('acme/F-' || n, 'UTF8') AS d) d WHERE serial_number = 'A'`);
  // By itself VACUUM leaves the few dead rows of the tests above for later; a transaction that is just ending elsewhere keeps pages from being marked, too.
  const unseen = async (): Promise<number> => {
    await client.query('VACUUM (ANALYZE, INDEX_CLEANUP ON) birthmark.device_certificates');
    const { rows } = await client.query<{ n: number }>(
      `SELECT relpages - relallvisible AS n FROM pg_class WHERE oid = 'birthmark.device_certificates'::regclass`,
    );
    return rows[0]?.n ?? -1;
  };
  await expect.poll(unseen).toBe(0);
  const plans: string[] = [];
  client.on('notice', ({ message }) => plans.push(message ?? ''));
  await client.query(
    `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_analyze = on; SET client_min_messages = log`,
  );
  await status(`certificate_status('${print(10)}')`);
  await status(`device_status('acme/D-10')`);
  const inner = plans.filter((plan) => plan.includes('device_certificates'));
  expect(inner).toHaveLength(2);
  for (const plan of inner) {
    expect(plan).toMatch(/Index Only Scan using device_certificates_(?:fingerprint|common_name)/u);
    expect(plan).toMatch(/Heap Fetches: 0/u);
  }
  await client.end();
});

test('install.sh prepares the database as well, and says so before', async () => {
  const psql = `psql -h ${server.dir} -p ${String(server.port)} -U postgres`;
  const install = (...more: string[]): string =>
    execFileSync(
      'resources/broker/install.sh',
      [
        '--station',
        'line-1',
        '--keys',
        join(server.dir, 'keys.pub'),
        '--root-ca',
        join(server.dir, 'root.pem'),
        '--prefix',
        join(server.dir, 'prefix'),
        '--records',
        'records2',
        '--psql',
        psql,
        ...more,
      ],
      { encoding: 'utf8' },
    );
  execFileSync('sh', [
    '-c',
    `ssh-keygen -q -t ed25519 -N '' -f "$1/k1" && ssh-keygen -q -t ed25519 -N '' -f "$1/k2" && cat "$1/k1.pub" "$1/k2.pub" >"$1/keys.pub"`,
    'sh',
    server.dir,
  ]);
  const dry = install('--dry-run');
  expect(dry).toMatch(/would: make the database records2/u);
  expect(install()).toMatch(/schema 6/u);
  expect(install()).toMatch(/nothing to change/u);
  expect(await server.query(`SELECT datname FROM pg_database WHERE datname = 'records2'`)).toHaveLength(1);
});

test('a station’s login changes nothing of another’s device, whatever it writes', async () => {
  const [victim, attacker] = [await asStation(one), await asStation(two)];
  for (const text of [device(one, 70), certificate(one, 70, 'REVOKED'), device(one, 71), certificate(one, 71, 'ACTIVE')])
    await victim.query(text);
  // Certificates for the other's devices by an issuer of its own, where both are there for one tenant.
  await attacker.query(certificate(two, 570, 'ACTIVE', { name: 'acme/D-70' }));
  await attacker.query(certificate(two, 571, 'REVOKED', { name: 'acme/D-71' }));
  const status = async (call: string): Promise<unknown> => (await server.query(`SELECT birthmark.${call} AS s`))[0];
  expect(await status(`device_status('acme/D-70')`)).toEqual({ s: 'REVOKED' });
  expect(await status(`device_status('acme/D-71')`)).toEqual({ s: 'ACTIVE' });
  // What a row says is what its certificate says: no fingerprint and no name of another's, and no certificate of another's issuer.
  const theirs = certificate(one, 70, 'ACTIVE')
    .replace(`('${keyId(one)}'`, `('${keyId(two)}'`)
    .replace(`'${one.id}'`, `'${two.id}'`);
  for (const text of [
    certificate(two, 572, 'ACTIVE', { says: { fingerprint: print(70) } }),
    certificate(two, 573, 'ACTIVE', { says: { name: 'acme/D-70' } }),
    theirs,
  ])
    expect([text, await refusal(attacker.query(text))]).toEqual([text, expect.stringMatching(/device_certificates_true/u)]);
  // A tenant that it is not registered for: its word does not count, also ahead of the owner, and nobody's dashboard shows it.
  await attacker.query(certificate(two, 75, 'ACTIVE', { tenant: 'beta' }));
  expect(await status(`device_status('beta/D-75')`)).toEqual({ s: 'UNKNOWN' });
  expect(await status(`certificate_status('${print(75, two, 'beta/D-75')}')`)).toEqual({ s: 'UNKNOWN' });
  for (const text of [device(one, 75, 'beta'), certificate(one, 75, 'REVOKED', { tenant: 'beta' })]) await victim.query(text);
  expect(await status(`device_status('beta/D-75')`)).toEqual({ s: 'REVOKED' });
  await server.query(`CALL birthmark.add_dashboard('beta_board', 'beta'); ALTER ROLE beta_board PASSWORD 'board'`);
  const board = await login('beta_board', null, 'board');
  expect((await board.query(`SELECT station FROM birthmark.device_certificates WHERE common_name = 'beta/D-75'`)).rows).toEqual([
    { station: one.id },
  ]);
  await board.end();
  // A request for the owner of a certificate is answered by nobody else.
  const request = (n: number): string =>
    `INSERT INTO birthmark.revocation_requests (id, fingerprint_sha256, reason, note, station, operator, requested_at, request_file)
       VALUES (gen_random_uuid(), '${print(n)}', 'keyCompromise', '', '${two.id}', 'x', now(), '{}')`;
  await attacker.query(request(71));
  const answer = `UPDATE birthmark.revocation_requests SET state = 'REFUSED', answered_at = now(), answered_by = 'me', answer = '', answer_file = '{}'`;
  expect((await attacker.query(answer)).rowCount).toBe(0);
  expect((await victim.query(answer)).rowCount).toBe(1);
  await victim.end();
  await attacker.end();
});

test('every statement and every function, as every other role: no row of a station is changed, locked or hidden', async () => {
  const victim = await asStation(one);
  for (const text of [
    `INSERT INTO birthmark.crl_publications VALUES ('${keyId(one)}', 0, 5, '${print(0)}', 0, now(), now(), now(), '${one.id}')`,
    `INSERT INTO birthmark.alerts VALUES ('${one.id}', 'k', 'CERT_EXPIRING', 'HIGH', 'acme', 'D-1', 'acme/D-1', '${print(1)}', now(), 1, now())`,
  ])
    await victim.query(text);
  await victim.end();
  await server.query(`CREATE ROLE attacking_ingest LOGIN PASSWORD 'ingest' IN ROLE birthmark_ingest`);
  await server.query(`CALL birthmark.add_dashboard('acme_board', 'acme'); ALTER ROLE acme_board PASSWORD 'board'`);
  const roles: [string, pg.Client][] = [
    ['station', await asStation(two)],
    ['dashboard', await login('acme_board', null, 'board')],
    ['ingest', await login('attacking_ingest', null, 'ingest')],
  ];
  const columns = await server.query<{ t: string; c: string; type: string }>(
    `SELECT c.relname AS t, a.attname AS c, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'birthmark'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const tables = [...new Set(columns.map(({ t }) => t))];
  const theirs = (table: string): string =>
    columns.some(({ t, c }) => t === table && c === 'station') ? ` WHERE station = '${one.id}'` : '';
  const modes = ['ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'];
  const functions = await server.query<{ call: string }>(
    `SELECT CASE prokind WHEN 'p' THEN 'CALL ' ELSE 'SELECT ' END || oid::regproc || '(' ||
        (SELECT coalesce(string_agg('NULL::' || format_type(t, NULL), ', '), '') FROM unnest(proargtypes) t) || ')' AS call
       FROM pg_proc WHERE pronamespace = 'birthmark'::regnamespace AND prorettype <> 'trigger'::regtype`,
  );
  const picture = (): Promise<unknown> =>
    Promise.all(
      tables.map(async (t) => [t, await server.query(`SELECT md5(string_agg(x::text, '' ORDER BY x::text)) AS h FROM birthmark.${t} x`)]),
    );
  const before = await picture();
  const statements = [
    ...columns.map(({ t, c }) => `UPDATE birthmark.${t} SET ${c} = ${c}${theirs(t)}`),
    ...tables.flatMap((t) => [
      `DELETE FROM birthmark.${t}`,
      `TRUNCATE birthmark.${t} CASCADE`,
      `INSERT INTO birthmark.${t} SELECT * FROM birthmark.${t}${theirs(t)}`,
      `ALTER TABLE birthmark.${t} DISABLE ROW LEVEL SECURITY`,
      ...['UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE'].map((lock) => `SELECT 1 FROM birthmark.${t}${theirs(t)} FOR ${lock}`),
      // To insert is to take the weakest of these; none that stops another's insert.
      ...modes.slice(1).map((mode) => `LOCK TABLE birthmark.${t} IN ${mode} MODE NOWAIT`),
    ]),
    `INSERT INTO birthmark.issuers VALUES ('${'f'.repeat(40)}', '${two.id}', 'issuing', 'x', '${print(0)}', 'pem', now(), now())`,
    `INSERT INTO birthmark.tenants VALUES ('mine')`,
    `INSERT INTO birthmark.station_tenants VALUES ('${two.id}', 'beta')`,
    `INSERT INTO birthmark.devices VALUES ('beta', 'D-99', '${two.id}', NULL, 'S1', 'APPROVED', NULL, now())`,
    `INSERT INTO birthmark.alerts VALUES ('${two.id}', 'k', 'x', 'HIGH', 'beta', 'D-1', 'beta/D-1', NULL, now(), 1, now())`,
    `SET ROLE birthmark_owner`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()`,
    `SELECT lo_create(0)`,
    `SELECT lo_from_bytea(0, 'x')`,
    `CREATE TEMP TABLE mine (n int)`,
    `CREATE TABLE public.mine (n int)`,
  ];
  for (const [role, client] of roles) {
    for (const text of statements) {
      const done = await client.query(`BEGIN; ${text}; COMMIT`).then(
        (results) => (results as unknown as pg.QueryResult[])[1]?.rowCount ?? 1,
        async () => (await client.query('ROLLBACK'), 0),
      );
      expect([role, text, done]).toEqual([role, text, 0]);
    }
    for (const { call } of functions) await client.query(call).catch(() => undefined);
  }
  for (const [, client] of roles) await client.end();
  expect(await picture()).toEqual(before);
});

test('nobody but the station itself can hold its lock', async () => {
  await server.query(`CREATE ROLE another_ingest LOGIN PASSWORD 'ingest' IN ROLE birthmark_ingest`);
  const others = [await asStation(two), await login('beta_board', null, 'board'), await login('another_ingest', null, 'ingest')];
  const key = `hashtext('birthmark ${one.id}')`;
  const locks = [
    'pg_advisory_lock',
    'pg_advisory_lock_shared',
    'pg_advisory_xact_lock',
    'pg_advisory_xact_lock_shared',
    'pg_try_advisory_lock',
    'pg_try_advisory_lock_shared',
    'pg_try_advisory_xact_lock',
    'pg_try_advisory_xact_lock_shared',
  ];
  for (const client of others) {
    for (const lock of locks)
      expect([lock, await refusal(client.query(`SELECT ${lock}(${key})`))]).toEqual([lock, expect.stringMatching(/permission denied/u)]);
    expect(
      await refusal(
        client
          .query(`SELECT 1 FROM birthmark.stations WHERE station = '${one.id}' FOR UPDATE`)
          .then(({ rowCount }) => (rowCount === 0 ? Promise.reject(new Error('no row')) : rowCount)),
      ),
    ).toMatch(/no row|permission denied/u);
  }
  expect(await refusal(unwrap(others[1], 'it is logged in').query('SELECT birthmark.lock_station()'))).toMatch(/permission denied/u);
  await unwrap(others[0], 'it is logged in').query('SELECT birthmark.lock_station()');
  // Its own: the first one's is free.
  const first = await asStation(one);
  await first.query(`SET lock_timeout = 2000; SELECT birthmark.lock_station()`);
  for (const client of [first, ...others]) await client.end();
});
