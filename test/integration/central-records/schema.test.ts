import { execFileSync } from 'node:child_process';
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

const print = (n: number): string => n.toString(16).padStart(64, '0');
const keyId = (of: Login): string => of.id.padEnd(40, '0');
const issuer = (of: Login): string =>
  `INSERT INTO birthmark.issuers VALUES ('${keyId(of)}', '${of.id}', 'issuing', 'CN=Issuer', '${print(0)}', 'pem', now(), now() + '9 years')`;
const certificate = (of: Login, n: number, status: string, tenant = 'acme', notAfter = `now() + '1 year'`): string =>
  `INSERT INTO birthmark.device_certificates VALUES ('${keyId(of)}', '${n.toString(16).toUpperCase()}', 'device', '${tenant}', 'D-${String(n)}', '${tenant}/D-${String(n)}',
     '${print(n)}', 'pem', '${status}', now() - '2 years'::interval, ${notAfter}, ${status === 'REVOKED' ? `now(), 'superseded'` : 'NULL, NULL'}, '${of.id}', now(), now())`;
const device = (of: Login, n: number, tenant = 'acme'): string =>
  `INSERT INTO birthmark.devices VALUES ('${tenant}', 'D-${String(n)}', '${of.id}', NULL, 'S1', 'APPROVED', NULL, now())`;

test('the migration says what it would do, does it once, and a second time finds nothing', async () => {
  const stations = [one, two, closed].flatMap(({ id }) => ['--station', `${id}=Line of ${id}`]);
  const dry = await server.migrate('--dry-run', ...stations);
  expect(dry).toMatch(
    /would: make the database birthmark\nwould: schema 1: 0001-tables\.sql\nwould: schema 2.*\nwould: schema 3.*\nwould: schema 4.*\nwould: schema 5/u,
  );
  expect(
    await server.query('SELECT 1').then(
      () => 'there',
      () => 'not there',
    ),
  ).toBe('not there');
  expect(await server.migrate(...stations)).toMatch(
    /^make the database birthmark\nschema 1.*\nschema 2.*\nschema 3.*\nschema 4.*\nschema 5.*\nlet the station/u,
  );
  expect(await server.migrate(...stations)).toBe('nothing to change\n');
  expect(await server.migrate('--dry-run', ...stations)).toBe('nothing to change\n');
  expect(await server.query('SELECT version FROM birthmark.schema_version ORDER BY 1')).toEqual([
    { version: 1 },
    { version: 2 },
    { version: 3 },
    { version: 4 },
    { version: 5 },
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
  await server.query(`INSERT INTO birthmark.schema_version VALUES (3), (4), (5), (99)`);
  expect(await refusal(server.migrate())).toMatch(/has schema 99, this script knows 5/u);
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
  await first.query(`INSERT INTO birthmark.tenants VALUES ('acme'), ('beta')`);
  for (const text of [issuer(one), device(one, 1), certificate(one, 1, 'ACTIVE')]) await first.query(text);
  await second.query(issuer(two));
  const denied: [pg.Client, string, RegExp][] = [
    [second, issuer(one).replace(keyId(one), keyId(closed)), /row-level security/u],
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
  for (const text of [certificate(one, 3, 'ACTIVE'), certificate(one, 4, 'ACTIVE', 'beta'), device(one, 4, 'beta')])
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
    await station.query(certificate(one, n, status, 'acme', end));
  // One device with three certificates: a run that failed, the one in force, and the one before it.
  for (const [n, status, end] of [
    [20, 'REVOKED', `now() + '3 years'`],
    [21, 'ACTIVE', `now() + '2 years'`],
    [22, 'EXPIRED', `now() - '1 day'::interval`],
  ] as const)
    await station.query(certificate(one, n, status, 'acme', end).replace(`acme/D-${String(n)}`, 'acme/many'));
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
  await client.query(`INSERT INTO birthmark.device_certificates SELECT issuer, 'F' || n, use, tenant_id, device_id, 'acme/F-' || n, encode(sha256(n::text::bytea), 'hex'), cert_pem,
    status, not_before, not_after, revoked_at, reason, station, created_at, updated_at FROM birthmark.device_certificates, generate_series(1, 5000) n WHERE serial_number = 'A'`);
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
  const dry = install('--dry-run', '--records-station', 'abc123=Line 1');
  expect(dry).toMatch(/would: make the database records2/u);
  expect(install('--records-station', 'abc123=Line 1')).toMatch(/schema 5.*\nlet the station Line 1 in as station_abc123/u);
  expect(install('--records-station', 'abc123=Line 1')).toMatch(/nothing to change/u);
  expect(await server.query(`SELECT datname FROM pg_database WHERE datname = 'records2'`)).toHaveLength(1);
});

test('a station’s login changes nothing of another’s device, whatever it writes', async () => {
  const [victim, attacker] = [await asStation(one), await asStation(two)];
  for (const text of [device(one, 70), certificate(one, 70, 'REVOKED'), device(one, 71), certificate(one, 71, 'ACTIVE')])
    await victim.query(text);
  // A certificate for the other's device under an issuer of its own making, and the other's own fingerprint as well.
  const forged = (n: number, status: string, fingerprint: string): string =>
    certificate(two, n + 500, status)
      .replaceAll(`D-${String(n + 500)}`, `D-${String(n)}`)
      .replace(print(n + 500), fingerprint);
  await attacker.query(forged(70, 'ACTIVE', print(570)));
  await attacker.query(forged(71, 'REVOKED', print(571)));
  await attacker.query(certificate(two, 72, 'ACTIVE').replace(print(72), print(70)));
  // Ahead of the owner: its row is taken all the same.
  await attacker.query(certificate(two, 73, 'ACTIVE').replace(print(73), print(74)));
  for (const text of [device(one, 74), certificate(one, 74, 'REVOKED')]) await victim.query(text);
  const status = async (call: string): Promise<unknown> => (await server.query(`SELECT birthmark.${call} AS s`))[0];
  expect(await status(`device_status('acme/D-70')`)).toEqual({ s: 'REVOKED' });
  expect(await status(`device_status('acme/D-71')`)).toEqual({ s: 'ACTIVE' });
  for (const n of [70, 74]) expect(await status(`certificate_status('${print(n)}')`)).toEqual({ s: 'REVOKED' });
  const changes = [
    `UPDATE birthmark.device_certificates SET status = 'REVOKED', revoked_at = now(), reason = 'superseded' WHERE station = '${one.id}'`,
    `UPDATE birthmark.devices SET state = 'REFUSED' WHERE station = '${one.id}'`,
    `UPDATE birthmark.stations SET name = 'mine' WHERE station = '${one.id}'`,
    `UPDATE birthmark.crl_publications SET crl_number = crl_number + 1 WHERE station = '${one.id}'`,
  ];
  for (const text of changes) expect([text, (await attacker.query(text)).rowCount]).toEqual([text, 0]);
  await victim.end();
  await attacker.end();
});

test('nobody but the station itself can hold its lock', async () => {
  await server.query(`CREATE ROLE another_ingest LOGIN PASSWORD 'ingest' IN ROLE birthmark_ingest`);
  await server.query(`CALL birthmark.add_dashboard('beta_board', 'beta'); ALTER ROLE beta_board PASSWORD 'board'`);
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
