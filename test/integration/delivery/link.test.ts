import { createHash } from 'node:crypto';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BundleView, CallInput, CallOutput } from '../../../src-main/contract/index.ts';
import { bundleOrder, fetchLink, unzip } from '../../support/bundle.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await bundleOrder(station);
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

type Offered = CallOutput<'bundles.offer'>;
let number = 0;
const offer = (more: Partial<CallInput<'bundles.offer'>> = {}): Promise<Offered> =>
  station.call('bundles.offer', { device: `acme/link-${String(++number)}`, order: 'BUNDLES', ...more });
const bundleOf = async ({ bundle }: Offered): Promise<BundleView | undefined> =>
  (await station.call('bundles.list', { search: bundle.serial })).rows[0];
const status = async ({ bundle }: Offered): Promise<string> => (await station.call('certificates.get', { serial: bundle.serial })).status;
const closed = (url: string): Promise<string> =>
  fetchLink(url).then(
    ({ code }) => String(code),
    (thrown: unknown) => (thrown as { code: string }).code,
  );

test('the link gives the bundle once, over TLS with the certificate that was told, and the port closes behind it', async () => {
  const made = await offer();
  expect(made.bundle).toMatchObject({ state: 'OFFERED', deliveredAt: null });
  expect(made.link.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/bundle\/[\w.-]+$/u);
  const got = await fetchLink(made.link.url);
  expect(got.code).toBe(200);
  expect(got.headers).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="${made.fileName}"`,
    'cache-control': 'no-store',
    'accept-ranges': 'none',
  });
  expect(createHash('sha256').update(got.body).digest('hex')).toBe(made.sha256);
  expect(got.fingerprint).toBe(made.link.fingerprint);
  expect(unzip(work.write('got.zip', got.body), made.passphrase ?? '', work.path('got'))).toBe(true);
  await expect.poll(() => bundleOf(made)).toMatchObject({ state: 'DELIVERED', proveBy: expect.any(String) as string });
  expect(await status(made)).toBe('SIGNED');
  await expect.poll(() => closed(made.link.url)).toBe('ECONNREFUSED');
  expect(await station.problems()).toEqual([]);
});

test('of twelve at the same moment exactly one gets it; the others are told that it is gone', async () => {
  const [made, other] = [await offer(), await offer()];
  expect(new URL(other.link.url).port).toBe(new URL(made.link.url).port);
  const all = await Promise.all(
    Array.from({ length: 12 }, () =>
      fetchLink(made.link.url).then(
        ({ code, body }) => ({ code, body }),
        () => ({ code: 0, body: Buffer.alloc(0) }),
      ),
    ),
  );
  const whole = all.filter(({ code }) => code === 200);
  expect(whole).toHaveLength(1);
  expect(
    createHash('sha256')
      .update(whole[0]?.body ?? '')
      .digest('hex'),
  ).toBe(made.sha256);
  expect(new Set(all.filter(({ code }) => code !== 200).map(({ code }) => code))).toEqual(new Set([410]));
  expect((await fetchLink(other.link.url)).code).toBe(200);
});

test('a look is no download: HEAD and other methods leave the link as it is, a range gets the whole', async () => {
  const made = await offer({ format: 'p12' });
  for (const method of ['HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE']) {
    const got = await fetchLink(made.link.url, { method });
    expect([method, got.code, got.headers['allow']]).toEqual([method, 405, 'GET']);
  }
  const got = await fetchLink(made.link.url, { headers: { range: 'bytes=0-9' } });
  expect([got.code, got.body.length, got.headers['content-type']]).toEqual([200, made.bytes, 'application/x-pkcs12']);
});

test('no other path gives anything: listings, guesses, changed ends and signatures; too many are held off, a good link is not', async () => {
  const made = await offer();
  const path = new URL(made.link.url).pathname;
  const [head = '', end = '', signature = ''] = path.split('.');
  const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
  const wrong = [
    '/',
    '/bundle/',
    '/bundle',
    path.slice(0, -1),
    `${path}x`,
    `${path}/`,
    `${path}?x=1`,
    `${head}.zzzzzzz.${signature}`,
    `${head}.${end}.${flipped}`,
    `${head}x.${end}.${signature}`,
    '/../..',
    '/%2e%2e',
  ];
  for (const one of wrong) expect([one, (await fetchLink(made.link.url, { path: one })).code]).toEqual([one, 404]);
  const codes = [];
  for (let i = 0; i < 15; i++) codes.push((await fetchLink(made.link.url, { path: '/x' })).code);
  expect(codes).toContain(429);
  expect((await fetchLink(made.link.url)).code).toBe(200);
});

test('a transfer that breaks off uses the link up: the certificate is revoked, and that is said', async () => {
  const [made, keep] = [await offer({ format: 'p12', keyAlgorithm: 'rsa-4096' }), await offer()];
  const { port, pathname } = new URL(made.link.url);
  const changed = station.waitFor('bundle.changed', (view) => view.serial === made.bundle.serial);
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  await new Promise((ready) => socket.once('secureConnect', ready));
  // The request goes out whole, and the connection is torn down before a byte of the answer could be taken.
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`, () => socket.destroy());
  const view = await changed;
  // Whether it had left the station when the connection went cannot be seen from here: then it counts as handed out.
  expect([
    { state: 'ENDED', code: 'BUNDLE_NOT_FETCHED', why: 'the transfer broke off', revoked: true },
    { state: 'DELIVERED', revoked: false },
  ]).toContainEqual({
    state: view.state,
    code: view.why?.code,
    why: view.why?.params['why'],
    revoked: (await status(made)) === 'REVOKED',
  });
  expect((await fetchLink(made.link.url)).code).toBe(410);
  expect((await fetchLink(keep.link.url)).code).toBe(200);
});

test('whoever says nothing, or no TLS, holds nobody up', async () => {
  const made = await offer();
  const port = Number(new URL(made.link.url).port);
  const { connect: plain } = await import('node:net');
  const silent = plain(port, '127.0.0.1');
  const noise = plain(port, '127.0.0.1', () => noise.write('GET / HTTP/1.0\r\n\r\n'));
  await new Promise((gone) => noise.once('close', gone).on('error', () => undefined));
  expect((await fetchLink(made.link.url)).code).toBe(200);
  silent.destroy();
});

test('a certificate that is revoked takes its link with it', async () => {
  const [made, keep] = [await offer(), await offer()];
  await station.call('revocations.revoke', { selector: { serial: made.bundle.serial }, reason: 'keyCompromise' });
  expect((await fetchLink(made.link.url)).code).toBe(410);
  await expect.poll(() => bundleOf(made)).toMatchObject({ state: 'ENDED' });
  expect((await fetchLink(keep.link.url)).code).toBe(200);
});

test('an address that is not ours, or a port that is taken, is refused before anything is made', async () => {
  const before = (await station.call('bundles.list', {})).total;
  const made = await offer();
  const taken = Number(new URL(made.link.url).port);
  expect(await failureOf(offer({ host: '192.0.2.1' }))).toMatchObject({ code: 'LINK_ADDRESS', params: { host: '192.0.2.1' } });
  expect(await failureOf(offer({ port: taken }))).toMatchObject({ code: 'LINK_ADDRESS', params: { port: taken } });
  expect((await station.call('bundles.list', {})).total).toBe(before + 1);
  expect((await fetchLink(made.link.url)).code).toBe(200);
});

test('a link dies with the station, stopped or killed: the certificate is revoked, another bundle has another key', async () => {
  const stopped = await offer();
  await station.stop();
  expect(await closed(stopped.link.url)).toBe('ECONNREFUSED');
  await station.reopen();
  expect(await bundleOf(stopped)).toMatchObject({
    state: 'ENDED',
    why: { code: 'BUNDLE_NOT_FETCHED', params: { why: 'the station was stopped' } },
  });
  expect(await status(stopped)).toBe('REVOKED');

  await station.openSession();
  const killed = await offer();
  await station.kill('station');
  await expect.poll(() => closed(killed.link.url)).toBe('ECONNREFUSED');
  await expect.poll(() => bundleOf(killed).catch(() => undefined)).toMatchObject({ state: 'ENDED', why: { code: 'STATION_STOPPED' } });
  expect(await status(killed)).toBe('REVOKED');

  const again = await station.call('bundles.offer', { device: killed.bundle.device });
  const keyOf = async (one: Offered): Promise<string> => (await station.call('certificates.get', { serial: one.bundle.serial })).pem ?? '';
  expect(await keyOf(again)).not.toBe(await keyOf(killed));
  expect((await fetchLink(again.link.url)).code).toBe(200);
  expect(await station.problems()).toEqual([]);
});
