import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalBrokerHost } from '../../../src-main/station/broker/index.ts';
import { systemClock } from '../../../src-main/station/clock.ts';
import { loadIdentities } from '../../../src-main/station/setup/index.ts';
import { connectAs } from '../../../src-main/station/verify/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await station.call('sessions.close', {});
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

const names = { dns: ['MQTT.factory.example', 'bücher.example'], ips: ['127.0.0.1', '2001:DB8::1'] };

/** What clients trust, and the newest lists, as files for openssl and certtool. */
async function exported(): Promise<void> {
  mkdirSync(work.path('issuers'), { recursive: true });
  mkdirSync(work.path('crls'), { recursive: true });
  for (const { name, pem } of await station.call('export.pem', {})) if (!name.startsWith('certificates/')) work.write(name, pem);
}
const exportedAs = async (start: string): Promise<string> =>
  (await station.call('export.pem', {})).find(({ name }) => name.startsWith(start))?.name ?? '';

test('without a session that names the profile nothing is signed, and nothing is left over', async () => {
  const asked = { ...names, csr: work.request('early') };
  expect((await failureOf(station.call('servers.issue', asked))).code).toBe('SESSION_ENDED');
  await station.openSession();
  expect(await failureOf(station.call('servers.issue', asked))).toMatchObject({
    code: 'SESSION_REFUSED',
    params: { rule: expect.stringContaining('“server”') as string },
  });
  await station.call('sessions.close', {});
  expect((await station.call('certificates.list', { use: 'server', status: 'ACTIVE' })).rows.map(({ device }) => device)).not.toContain(
    'mqtt.factory.example',
  );
  expect(await station.problems()).toEqual([]);
});

test('names that would surprise a client and requests outside the policy are refused', async () => {
  await station.openSession({ profiles: ['server'] });
  const csr = work.request('broker');
  const refused = async (change: object): Promise<string> => {
    const { code, params } = await failureOf(station.call('servers.issue', { ...names, csr, ...change }));
    return `${code} ${String(params['problem'] ?? params['found'] ?? params['device'] ?? '')}`;
  };
  expect(await refused({ dns: ['*.factory.example'] })).toMatch(/^INVALID_INPUT .*wildcards/u);
  expect(await refused({ dns: [], ips: [] })).toMatch(/^INVALID_INPUT .*at least one/u);
  expect(await refused({ dns: [`${'a'.repeat(60)}.example`], ips: [] })).toMatch(/^INVALID_INPUT .*common name/u);
  expect(await refused({ validityDays: 826 })).toMatch(/^INVALID_INPUT .*825/u);
  expect(await refused({ csr: csr.subarray(0, -1) })).toMatch(/^CSR_NOT_DER/u);
  expect(await refused({ csr: work.request('curve', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']) })).toMatch(
    /^CSR_KEY_REFUSED/u,
  );
  const tampered = Buffer.from(csr);
  tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
  expect(await refused({ csr: tampered })).toMatch(/^CSR_/u);
  await station.call('sessions.close', {});
});

test('openssl, GnuTLS and Node take the certificate for its hosts and for nothing else; Mosquitto runs with it', async () => {
  await station.openSession({ profiles: ['server'], quota: 10 });
  const issued = await station.call('servers.issue', { ...names, csr: work.request('broker'), validityDays: 90 });
  expect(issued).toMatchObject({ hosts: ['mqtt.factory.example', 'xn--bcher-kva.example', '127.0.0.1', '2001:db8::1'], keyPem: null });
  await station.call('sessions.close', {});
  await exported();
  const serverCa = await exportedAs('issuers/server-');
  work.write('broker.pem', issued.pem);
  const verify = (...more: string[]): string =>
    work.openssl('verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', serverCa, ...more, 'broker.pem').text;
  for (const host of ['mqtt.factory.example', 'xn--bcher-kva.example'])
    expect(verify('-purpose', 'sslserver', '-verify_hostname', host)).toBe('broker.pem: OK\n');
  for (const ip of ['127.0.0.1', '2001:db8::1']) expect(verify('-purpose', 'sslserver', '-verify_ip', ip)).toBe('broker.pem: OK\n');
  expect(verify('-purpose', 'sslserver', '-verify_hostname', 'other.factory.example')).toContain('hostname mismatch');
  expect(verify('-purpose', 'sslserver', '-verify_ip', '127.0.0.2')).toContain('IP address mismatch');
  expect(verify('-purpose', 'sslclient')).toMatch(/unsuitable certificate purpose|unsupported certificate purpose/u);
  expect(
    work.openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'root.pem', '-untrusted', 'issuer.pem', 'broker.pem').ok,
  ).toBe(false);
  const certtool = (...more: string[]): string =>
    work.run('certtool', '--verify', '--load-ca-certificate', 'root.pem', '--infile', 'broker.pem', ...more).text;
  expect(certtool('--verify-hostname', 'mqtt.factory.example')).toContain('The certificate is trusted');
  expect(certtool('--verify-hostname', 'other.factory.example')).toContain('Not verified');

  const keyPem = readFileSync(work.path('broker.key'), 'utf8');
  const server: Server = createServer({ cert: issued.pem, key: keyPem });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const shake = (servername: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: readFileSync(work.path('root.pem')) }, () => {
        socket.end();
        resolve('ok');
      });
      socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    });
  expect(await shake('mqtt.factory.example')).toBe('ok');
  expect(await shake('other.factory.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  server.close();

  // A Mosquitto of its own, with the station's CRL and canaries, but this certificate.
  const identities = loadIdentities(station.dataDir);
  const root = readFileSync(work.path('root.pem'), 'utf8');
  const host = new LocalBrokerHost({
    dir: work.path('other broker'),
    port: 0,
    serverCertificatePem: issued.pem,
    serverKeyPem: keyPem,
    serverCaPem: root,
    serverName: 'mqtt.factory.example',
    identities,
    clock: systemClock,
  });
  try {
    await host.start();
    const crl = new X509Certificate(readFileSync(work.path('issuer.pem')));
    const result = await host.publish({
      crls: [{ issuer: crl.subject, number: 1, pem: readFileSync(work.path('crl.pem'), 'utf8') }],
      clientCaPem: root + readFileSync(work.path('issuer.pem'), 'utf8'),
      devices: [],
    });
    expect(result).toMatchObject({ goodAccepted: true, revokedRefused: true });
    await (await connectAs(host.endpoint, identities.observer)).close();
    expect((await failureOf(connectAs({ ...host.endpoint, serverName: 'wrong.example' }, identities.observer))).code).toBe(
      'BROKER_NAME_MISMATCH',
    );
  } finally {
    await host.stop();
  }
});

test('it is listed, told of before its end, and revoked in the list of its own issuer', async () => {
  const { rows } = await station.call('certificates.list', { use: 'server', search: 'mqtt.factory.example', status: 'ACTIVE' });
  const [row] = rows;
  expect(rows).toHaveLength(1);
  await station.openSession({ kind: 'crl-only' });
  const [view] = await station.call('revocations.revoke', { selector: { serial: row?.serial ?? '' }, reason: 'superseded' });
  expect(view).toMatchObject({ use: 'server', device: 'mqtt.factory.example' });
  await expect.poll(async () => (await station.call('revocations.list', { search: row?.serial ?? '' })).rows[0]?.state).toBe('PUBLISHED');
  expect((await station.call('revocations.list', { waiting: true })).total).toBe(0);
  await exported();
  const list = await exportedAs('crls/server-');
  const verify = [
    'verify',
    '-purpose',
    'sslserver',
    '-crl_check',
    '-CAfile',
    'root.pem',
    '-untrusted',
    await exportedAs('issuers/server-'),
  ];
  expect(work.openssl(...verify, '-CRLfile', list, 'broker.pem').text).toContain('certificate revoked');
  expect(await station.problems()).toEqual([]);
  await station.call('sessions.close', {});
});

test('birthmark certificates issue-server makes the key 0600, overwrites nothing, and leaves nothing when it is refused', async () => {
  await station.stop();
  const run = (...args: string[]) => birthmark(['certificates', 'issue-server', '--json', '--data', station.dataDir, ...args]);
  const [key, out] = [work.path('made.key'), work.path('made.pem')];
  const refused = await run('--dns', '*.example', '--make-key', key, '--out', out);
  expect(refused.code).toBe(2);
  expect(jsonOf(refused)).toMatchObject({ error: { code: 'INVALID_INPUT', params: { field: '--dns' } } });
  expect([existsSync(key), existsSync(out)]).toEqual([false, false]);

  const made = await run('--dns', 'broker.example', '--ip', '::1', '--make-key', key, '--out', out, '--days', '30');
  expect(made.code).toBe(0);
  expect(jsonOf(made)).toMatchObject({ hosts: ['broker.example', '::1'], out, key });
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(new X509Certificate(readFileSync(out)).checkPrivateKey((await import('node:crypto')).createPrivateKey(readFileSync(key)))).toBe(
    true,
  );

  const again = await run('--dns', 'broker.example', '--make-key', key, '--out', work.path('second.pem'));
  expect(jsonOf(again)).toMatchObject({ error: { code: 'FILE_EXISTS', params: { path: key } } });
  expect(existsSync(work.path('second.pem'))).toBe(false);
  expect(jsonOf(await run('--dns', 'a.example', '--out', work.path('third.pem')))).toMatchObject({ error: { code: 'INVALID_INPUT' } });
  const listed = jsonOf(
    await birthmark(['certificates', 'list', '--use', 'server', '--json', '--search', 'broker.example', '--data', station.dataDir]),
  );
  expect(listed).toMatchObject({ total: 1, rows: [{ device: 'broker.example', status: 'ACTIVE' }] });
});
