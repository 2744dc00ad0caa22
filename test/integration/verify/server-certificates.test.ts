import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAs, verifyConnection, type BrokerEndpoint } from '../../../src-main/station/verify/index.ts';
import { TestPki } from '../../support/mosquitto.ts';

/** Brokers that are old or weak, and what is said of them. */
const pki = new TestPki();
const identity = pki.device('acme/a');
const dir = mkdtempSync(join(tmpdir(), 'birthmark-weak-'));
const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
beforeAll(() => {
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Weak CA');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A broker's certificate of this key and hash; `san` null: without. */
function certificate(key: readonly string[], hash: string, san: string): { cert: string; key: string } {
  openssl('req', '-new', ...key, '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost');
  writeFileSync(join(dir, 'ext'), `subjectAltName=${san}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    `-${hash}`,
    '-days',
    '9',
    '-extfile',
    'ext',
    '-out',
    'leaf.pem',
  );
  return { cert: readFileSync(join(dir, 'leaf.pem'), 'utf8'), key: readFileSync(join(dir, 'leaf.key'), 'utf8') };
}

/** Lets anybody in who says CONNECT. */
async function withBroker<T>(options: TlsOptions, serverCaPem: string, use: (endpoint: BrokerEndpoint) => Promise<T>): Promise<T> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => data[0] === 0x10 && socket.write(Buffer.from([0x20, 3, 0, 0, 0])));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, serverName: 'localhost', serverCaPem });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a broker without TLS 1.3 to a client that has nothing else: it is the broker that is old', () =>
  withBroker({ cert: pki.server.certificatePem, key: pki.server.keyPem, maxVersion: 'TLSv1.2' }, pki.serverCa.certificatePem, (at) =>
    expect(connectAs(at, identity, { tlsVersion: 'TLSv1.3' })).rejects.toMatchObject({ code: 'BROKER_WITHOUT_TLS13' }),
  ));

test.each([
  ['a short key', ['-newkey', 'rsa:1024'], 'sha256', '1024 bits'],
  ['SHA-1', ['-newkey', 'rsa:2048'], 'sha1', 'signed with SHA-1 with RSA'],
] as const)('a certificate with %s is named as weak', (_, key, hash, words) =>
  withBroker(
    { ...certificate(key, hash, 'DNS:localhost'), ciphers: 'DEFAULT@SECLEVEL=0' },
    readFileSync(join(dir, 'ca.pem'), 'utf8'),
    async (at) => {
      await expect(connectAs(at, identity)).rejects.toMatchObject({
        code: 'BROKER_CERTIFICATE_WEAK',
        params: { weakness: expect.stringContaining(words) as string },
      });
    },
  ),
);

test('a name that only the common name has passes, and is said', () =>
  withBroker(certificate(['-newkey', 'rsa:2048'], 'sha256', 'IP:127.0.0.1'), readFileSync(join(dir, 'ca.pem'), 'utf8'), async (at) => {
    const { steps } = await verifyConnection(at, identity, { timeoutMs: 5_000 });
    expect(steps.find(({ name }) => name === 'server certificate')).toMatchObject({
      result: 'PASS',
      value: expect.stringContaining('localhost is only its common name: stricter clients refuse it') as string,
    });
  }));
