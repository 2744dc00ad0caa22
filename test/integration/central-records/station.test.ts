import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecordsHost } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestCa } from '../../support/pki.ts';
import { TestPostgres } from '../../support/postgres.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

/** Two whole stations, with certificates of their own tokens, and one database that an administrator has prepared for them. */
let first: TestStation;
let second: TestStation;
let server: TestPostgres;
let at: RecordsHost;
const rows = (text: string): Promise<Record<string, unknown>[]> => server.query(text);
const settle = (station: TestStation) => station.call('records.settle', { timeoutMs: 30_000 });

beforeAll(async () => {
  [first, second] = await Promise.all([TestStation.tryOut(2), TestStation.tryOut(1)]);
  await first.call('sessions.close', {});
  await first.openSession({ profiles: ['device', 'server'], quota: 20 });
  const database = await first.call('servers.issue', { dns: ['db.example'], ips: ['127.0.0.1'], csr: null });
  await first.call('sessions.close', {});
  await first.openSession({ quota: 20 });
  const roots = await Promise.all([first, second].map((one) => one.call('export.pem', {})));
  server = await TestPostgres.start({
    clientCaPem: roots.map((files) => files.find(({ name }) => name === 'root.pem')?.pem ?? '').join(''),
    serverPem: database.pem,
    serverKeyPem: database.keyPem ?? '',
  });
  at = RecordsHost.parse({ host: '127.0.0.1', port: server.port });
});
afterAll(async () => {
  await first.dispose();
  await second.dispose();
  await server.stop();
});

test('from nothing to connected: every step that is missing is named, and the certificate is the station’s own', async () => {
  expect((await failureOf(first.call('records.connect', { at }))).code).toBe('RECORDS_NO_CERTIFICATE');
  const mine = await first.call('records.certificate', {});
  expect(mine).toMatchObject({ commonName: `birthmark:records-${mine.station}`, role: `station_${mine.station}` });
  expect(await first.call('records.certificate', {})).toEqual(mine);
  expect(JSON.stringify(mine)).not.toContain('PRIVATE KEY');
  expect((await failureOf(first.call('records.connect', { at }))).code).toBe('RECORDS_REFUSED');
  await server.migrate();
  expect((await failureOf(first.call('records.connect', { at }))).code).toBe('RECORDS_REFUSED');
  expect(await first.call('records.list', {})).toEqual([]);
  await server.migrate('--station', `${mine.station}=Line 1`);
  expect((await failureOf(first.call('records.connect', { at }))).code).toBe('RECORDS_ISSUER_UNREGISTERED');
  expect(await server.register(first, ['zeta'])).toMatch(/^(?:register CN=.*\n)+devices of .* from now on: \S+ zeta\n$/u);
  expect(await server.register(first, ['zeta'])).toBe('nothing to change\n');
  expect(await first.call('records.connect', { at })).toMatchObject({ name: `127.0.0.1:${String(server.port)}/birthmark`, failure: null });

  // The certificate of the database is the other station's to judge: it does not know its CA.
  const theirs = await second.call('records.certificate', {});
  expect(await server.register(second, ['zeta'])).toMatch(new RegExp(`^let the station .* in as station_${theirs.station}\nregister`, 'u'));
  expect((await failureOf(second.call('records.connect', { at }))).code).toBe('RECORDS_UNTRUSTED');
  const caPem = (await first.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '';
  await second.call('records.connect', { at: { ...at, caPem } });
});

test('a registration is refused unless each CA in it signed it and leads to the root', async () => {
  const refused = (change: (file: string) => string): Promise<string> =>
    server.register(second, [], change).then(
      () => '',
      (thrown: unknown) => (thrown as Error).message,
    );
  const { file: other } = await first.call('records.register', { tenants: [] });
  const issuersOf = (file: string): string => file.slice(file.indexOf('issuer '));
  expect(await refused((file) => file.replace(/^tenants .*$/mu, 'tenants omega'))).toMatch(/did not sign it/u);
  expect(await refused((file) => file.replace(/^station .*$/mu, 'station ffff'))).toMatch(/did not sign it/u);
  // Another's CAs, with another's signatures over another's lines.
  expect(await refused((file) => file.slice(0, file.indexOf('issuer ')) + issuersOf(other))).toMatch(/did not sign it/u);
  expect(await refused((file) => file.replace(/^signature .*$/gmu, 'signature AAAA'))).toMatch(/did not sign it/u);
  expect(await refused((file) => file.slice(0, 100))).toMatch(/damaged|no CA/u);
  expect(await refused(() => 'x')).toMatch(/not what "birthmark records registration" prints/u);
  const stranger = join(server.dir, 'stranger.pem');
  writeFileSync(stranger, new TestCa('stranger').certificatePem);
  const path = join(server.dir, 'good.registration');
  writeFileSync(path, other);
  await expect(server.migrate('--registration', path, '--root-ca', stranger)).rejects.toThrow(/does not lead to the root/u);
  const { station: id } = await second.call('records.certificate', {});
  expect(await rows(`SELECT tenant_id FROM birthmark.station_tenants WHERE station = '${id}'`)).toContainEqual({ tenant_id: 'zeta' });
});

test('units pass and are revoked whatever the database does; then it has all of it, and registry, lists, broker and database agree', async () => {
  const device = (await first.run(1)).device ?? '';
  await settle(first);
  expect(await rows(`SELECT birthmark.device_status('${device}') AS status`)).toEqual([{ status: 'ACTIVE' }]);
  await server.kill();
  expect((await first.run(2)).state).toBe('PASS');
  await first.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise' });
  await expect.poll(async () => (await first.call('revocations.list', {})).rows[0]?.state).toBe('EFFECTIVE');
  const status = (): Promise<unknown> =>
    first
      .call('station.status', {})
      .then(({ records, alarms }) => [
        records[0]?.state,
        (records[0]?.waiting ?? 0) > 0,
        alarms.some(({ failure }) => failure.code === 'RECORDS_AWAY'),
      ]);
  await expect.poll(status).toEqual(['away', true, true]);
  expect((await failureOf(first.call('broker.reconcile', {}))).code).toBe('RECORDS_AWAY');
  await server.run();
  // That it was away before is no answer to who asks now.
  expect(await settle(first)).toMatchObject([{ state: 'up', waiting: 0 }]);
  expect(await rows(`SELECT birthmark.device_status('${device}') AS status`)).toEqual([{ status: 'REVOKED' }]);
  const { verdict, findings } = await first.call('broker.reconcile', {});
  expect({ verdict, wrong: findings.filter(({ differences }) => differences > 0) }).toEqual({ verdict: 'PASS', wrong: [] });
  expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining([expect.stringMatching(/another status in/u) as string]));

  const { station: id } = await first.call('records.certificate', {});
  await rows(`ALTER TABLE birthmark.device_certificates DISABLE TRIGGER ALL; UPDATE birthmark.device_certificates SET status = 'ACTIVE' WHERE common_name = '${device}';
    DELETE FROM birthmark.crl_publications; UPDATE birthmark.audit_checkpoints SET hash = repeat('0', 64) WHERE seq = (SELECT min(seq) FROM birthmark.audit_checkpoints WHERE station = '${id}')`);
  const wrong = (await first.call('broker.reconcile', {})).findings.filter(({ differences }) => differences > 0);
  expect(wrong.map(({ name }) => name.replace(/127\.\S+/u, 'it'))).toEqual([
    'another status in it',
    'revocation lists in it',
    'the audit log against what it knows of it',
  ]);
  expect(wrong[0]?.examples[0]).toMatch(/REVOKED here, ACTIVE there/u);
  // Sent again, it is mended, but for what only people can judge.
  await first.call('records.connect', { at });
  await expect.poll(async () => (await first.call('records.list', {}))[0]?.waiting).toBe(0);
  const left = (await first.call('broker.reconcile', {})).findings.filter(({ differences }) => differences > 0);
  expect(left.map(({ name }) => name.replace(/127\.\S+/u, 'it'))).toEqual(['the audit log against what it knows of it']);
});

test('a revocation is asked of the station that issued it, and answered, through the table; nobody else can answer', async () => {
  const [row] = (await first.call('certificates.list', { status: 'ACTIVE', use: 'device' })).rows;
  const pem = (await first.call('certificates.get', { serial: row?.serial ?? '' })).pem ?? '';
  const { request } = await second.call('requests.create', {
    certificate: Buffer.from(pem),
    reason: 'keyCompromise',
    note: 'found in a bin',
  });
  await expect
    .poll(async () => (await first.call('requests.list', { open: true })).rows[0])
    .toMatchObject({
      id: request.id,
      direction: 'received',
      subject: row?.device,
      note: 'found in a bin',
    });
  // Only its owner changes it, whatever a station sends.
  const { role } = await second.call('records.certificate', {});
  const client = await server.admin();
  await client.query(`SET SESSION AUTHORIZATION "${role}"`);
  const forged = await client.query(
    `UPDATE birthmark.revocation_requests SET state = 'REFUSED', answered_at = now(), answered_by = 'me', answer = '', answer_file = '{}'`,
  );
  await client.end();
  expect(forged.rowCount).toBe(0);
  await first.call('requests.answer', { id: request.id, accept: true, note: 'thank you' });
  await expect.poll(async () => (await second.call('requests.list', {})).rows[0]).toMatchObject({ state: 'ACCEPTED', answer: 'thank you' });
  await settle(first);
  expect(await rows(`SELECT state, answer FROM birthmark.revocation_requests`)).toEqual([{ state: 'ACCEPTED', answer: 'thank you' }]);
  expect(await rows(`SELECT birthmark.device_status('${row?.device ?? ''}') AS status`)).toEqual([{ status: 'REVOKED' }]);
  expect([...(await first.problems()), ...(await second.problems())]).toEqual([]);
});

test('on the command line: state, connect with a CA from a file, disconnect; no key in what is printed', async () => {
  await second.stop();
  const cli = (...args: string[]) => birthmark(['records', ...args, '--data', second.dataDir]);
  const json = async (...args: string[]): Promise<Record<string, unknown>> => jsonOf(await cli(...args, '--json'));
  expect(await json('sync')).toMatchObject({ records: [{ state: 'up', waiting: 0 }] });
  expect((await cli('certificate')).stdout).toMatch(/^-----BEGIN CERTIFICATE/u);
  expect(await json('disconnect', '127.0.0.1')).toMatchObject({ disconnected: '127.0.0.1' });
  const ca = join(second.dataDir, 'ca.pem');
  writeFileSync(ca, at.caPem ?? (await first.call('export.pem', {})).find(({ name }) => name === 'root.pem')?.pem ?? '');
  expect(
    (await cli('connect', 'localhost', '--port', String(server.port), '--server-name', 'db.example', '--server-ca', ca)).stdout,
  ).toMatch(/From now on: localhost/u);
  expect(await json('sync')).toMatchObject({ records: [{ name: `localhost:${String(server.port)}/birthmark`, waiting: 0 }] });
});
