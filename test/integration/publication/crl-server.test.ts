import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpServer, listenerLimits } from '../../../src-main/station/http/index.ts';
import { publishedLists } from '../../../src-main/station/publication/index.ts';
import { crlToPem } from '../../../src-main/station/ca/index.ts';
import { TestCrls } from '../../support/crl-scope.ts';

const here = new TestCrls(2);
const builders = [here.builder(0), here.builder(1)];
const serve = (port: number): Promise<HttpServer> =>
  HttpServer.start({
    listen: { host: '127.0.0.1', port },
    tls: null,
    limits: listenerLimits,
    serves: [publishedLists({ builders: () => builders, now: () => here.clock.now() })],
  });
let server: HttpServer;
let base = '';

beforeAll(async () => {
  here.certificate();
  here.certificate({ partition: 1 });
  for (const builder of builders) await builder.build();
  server = await serve(0);
  base = `http://127.0.0.1:${String(server.address.port)}`;
});
afterAll(async () => {
  await server.stop();
  here.dispose();
});

const get = async (path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: Buffer }> => {
  const response = await fetch(base + path, init);
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
};

test('each partition’s list comes as DER and as PEM, with its type and how long it may be kept', async () => {
  for (const [partition, builder] of builders.entries()) {
    const der = readFileSync(builder.newestFile() ?? '');
    const list = await get(`/crl/device-2/${String(partition)}.crl`);
    expect(list).toMatchObject({ status: 200, body: der });
    expect(list.headers.get('content-type')).toBe('application/pkix-crl');
    expect(list.headers.get('cache-control')).toBe('public, max-age=300');
    expect((await get(`/crl/device-2/${String(partition)}.pem`)).body.toString()).toBe(crlToPem(der));
    const etag = list.headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect((await get(`/crl/device-2/${String(partition)}.crl`, { headers: { 'if-none-match': known } })).status).toBe(304);
    expect((await get(`/crl/device-2/${String(partition)}.crl`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  }
  // As it stands in the certificates, with whatever the base is.
  expect((await get('/pki/crl/device-2/0.crl')).status).toBe(200);
  const head = await get('/crl/device-2/0.crl', { method: 'HEAD' });
  expect({ status: head.status, bytes: head.body.length }).toEqual({ status: 200, bytes: 0 });
});

test('a new list is served as soon as it is signed', async () => {
  const before = await get('/crl/device-2/0.crl');
  await builders[0]?.build();
  const after = await get('/crl/device-2/0.crl');
  expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
  expect(after.body).toEqual(readFileSync(builders[0]?.newestFile() ?? ''));
});

test('whoever says when they fetched it gets it again only when there is a newer one, be it of the same second', async () => {
  const path = '/crl/device-2/0.crl';
  const since = async (ms: number, more: Record<string, string> = {}): Promise<number> =>
    (await get(path, { headers: { 'if-modified-since': new Date(ms).toUTCString(), ...more } })).status;
  here.clock.pass(5000 - (here.clock.now() % 1000));
  const second = here.clock.now();
  await builders[0]?.build();
  // In this very second another one may follow: nobody can be told that theirs is the newest.
  expect((await get(path)).headers.get('last-modified')).toBeNull();
  here.clock.pass(200);
  expect(await since(second)).toBe(200);
  await builders[0]?.build();
  expect(await since(second)).toBe(200);
  here.clock.pass(1000);
  const modified = (await get(path)).headers.get('last-modified') ?? '';
  expect(Date.parse(modified)).toBe(second + 1000);
  expect(await since(Date.parse(modified))).toBe(304);
  expect(await since(second)).toBe(200);
  // The tag says it better; a time to come and a word that is no time say nothing.
  expect(await since(Date.parse(modified), { 'if-none-match': '"other"' })).toBe(200);
  expect(await since(second + 60_000)).toBe(200);
  expect((await get(path, { headers: { 'if-modified-since': 'yesterday' } })).status).toBe(200);
  await builders[0]?.build();
  expect(await since(Date.parse(modified))).toBe(200);
  const certificate = await get('/ca/device-2.crt');
  const fetched = certificate.headers.get('last-modified') ?? '';
  expect((await get('/ca/device-2.crt', { headers: { 'if-modified-since': fetched } })).status).toBe(304);
});

test('the certificate of the CA comes as DER and as PEM', async () => {
  const certificate = await get('/ca/device-2.crt');
  expect(certificate.body).toEqual(Buffer.from(builders[0]?.issuer.certificate ?? ''));
  expect(certificate.headers.get('content-type')).toBe('application/pkix-cert');
  expect((await get('/ca/device-2.pem')).body.toString()).toMatch(/^-----BEGIN CERTIFICATE-----/u);
});

test.each([
  '/',
  '/crl/device-2/2.crl',
  '/crl/device-2/00.crl',
  '/crl/nobody/0.crl',
  '/crl/device-2/../0.crl',
  '/crl/..%2f..%2fstation.db/0.crl',
  '/crl/%2e%2e/0.crl',
  '/crl/device-2/0.crl%00',
  '/crl/device-2/0.crl/',
  '/ca/..%2f..%2fsecrets.pem',
  '/secrets/broker.key.pem',
  `/crl/${'a'.repeat(600)}/0.crl`,
])('%s is not there', async (path) => {
  expect((await get(path)).status).toBe(404);
});

test('nothing can be changed, and a request that is none is answered as that', async () => {
  const post = await get('/crl/device-2/0.crl', { method: 'POST', body: 'x' });
  expect({ status: post.status, allow: post.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD' });
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.address.port, '127.0.0.1', () => socket.end(text));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('close', () => resolve(answer)).on('error', reject);
    });
  expect(await raw('GET /../../../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /u);
  expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /u);
  expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /u);
});

test('an address that is taken is named', async () => {
  await expect(serve(server.address.port)).rejects.toMatchObject({ code: 'HTTP_LISTEN', params: { problem: 'another program uses it' } });
});
