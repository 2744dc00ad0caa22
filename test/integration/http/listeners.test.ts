import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
});
afterAll(() => station.dispose());

/** The status of the newest list, fetched over TLS with no trust but in the station’s own root. */
async function fetched(port: number): Promise<{ status: number | undefined; serial: string; requestId: unknown }> {
  const ca = (await station.call('export.pem', {})).filter(({ name }) => name.startsWith('root')).map(({ pem }) => pem);
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/crl/none/0.crl', ca, agent: false, headers: { 'x-request-id': 'line-7.1' } },
      (response) => {
        response.resume();
        const { socket } = response;
        if (!(socket instanceof TLSSocket)) throw new Error('it is no connection with TLS');
        const { serialNumber: serial } = socket.getPeerCertificate();
        resolve({ status: response.statusCode, serial, requestId: response.headers['x-request-id'] });
      },
    );
    request.on('error', reject);
  });
}

test('nothing listens until an officer says so; with TLS it waits for a certificate that a session allows, and outlives a restart', async () => {
  expect(await station.call('http.listeners', {})).toEqual([]);
  const waiting = await station.call('http.listen', { name: 'site', port: 0, names: ['localhost'], serves: ['crl'] });
  expect(waiting).toMatchObject({ host: '127.0.0.1', tls: true, up: false, failure: { code: 'HTTP_NO_CERTIFICATE' } });
  await station.call('sessions.close', {});
  await station.openSession();
  const up = await station.call('http.listen', { name: 'site', port: 0, names: ['localhost'], serves: ['crl'] });
  expect(up).toMatchObject({ up: true, failure: null });
  const answer = await fetched(up.port);
  expect(answer).toMatchObject({ status: 404, requestId: 'line-7.1' });

  await station.call('http.listen', { name: 'site', port: up.port, names: ['localhost'], serves: ['crl'] });
  await station.reopen();
  expect(await station.call('http.listeners', {})).toMatchObject([{ name: 'site', port: up.port, up: true }]);
  // The same certificate: a restart asks the token for nothing.
  expect(await fetched(up.port)).toEqual(answer);
  expect(await station.call('http.close', { name: 'site' })).toEqual([]);
  await expect(fetched(up.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await failureOf(station.call('http.close', { name: 'site' }))).toMatchObject({ code: 'NOT_FOUND' });
});

test('an address that is taken, or that no certificate can name, is refused and named; what listens goes on', async () => {
  const { port } = await station.call('http.listen', { name: 'plain', port: 0, tls: false, serves: ['crl'] });
  expect(await failureOf(station.call('http.listen', { name: 'other', port, tls: false, serves: ['crl'] }))).toMatchObject({
    code: 'HTTP_LISTEN',
    params: { port, problem: 'another program uses it' },
  });
  for (const wrong of [
    { host: '0.0.0.0' },
    { host: '::', names: [] },
    { names: ['a b'] },
    { names: ['*.example'] },
    { name: 'A B' },
    { serves: [] },
  ])
    expect(
      await failureOf(station.call('http.listen', { name: 'other', port: 0, serves: ['crl'], ...wrong })),
      JSON.stringify(wrong),
    ).toMatchObject({ code: 'INVALID_INPUT' });
  expect((await station.call('http.listeners', {})).map(({ name, up }) => ({ name, up }))).toEqual([{ name: 'plain', up: true }]);
  await station.call('http.close', { name: 'plain' });
});

test('a connection that sends its request slowly, or no request at all, is closed, and others are answered meanwhile', async () => {
  const { port } = await station.call('http.listen', { name: 'plain', port: 0, tls: false, serves: ['crl'] });
  const slow = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('close', () => resolve(answer)).on('error', reject);
    });
  const ended = Promise.all([
    slow('GET /crl/x/0.crl HTTP/1.1\r\nhost: x\r\n'),
    slow('POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nab'),
  ]);
  expect((await fetch(`http://127.0.0.1:${String(port)}/crl/x/0.crl`)).status).toBe(404);
  expect((await ended).map((text) => text.slice(0, 12))).toEqual(['HTTP/1.1 408', 'HTTP/1.1 405']);
  await station.call('http.close', { name: 'plain' });
});

test('what crl serve sets is a listener like others', async () => {
  const { listen } = await station.call('crl.serve', { listen: { host: '127.0.0.1', port: 0 } });
  const { port } = unwrap(listen, 'it is served');
  expect(await station.call('http.listeners', {})).toMatchObject([{ name: 'lists', port, tls: false, serves: ['crl'], up: true }]);
  const base = `http://127.0.0.1:${String(port)}`;
  const [issuer] = await station.call('crl.signers', {});
  const list = await fetch(`${base}/crl/${encodeURIComponent(unwrap(issuer, 'there is one').issuer)}/0.crl`);
  expect([list.status, list.headers.get('content-type'), list.headers.get('x-request-id')?.length]).toEqual([
    200,
    'application/pkix-crl',
    36,
  ]);
  expect(await station.call('crl.serve', { listen: null })).toEqual({ listen: null });
  expect(await station.call('http.listeners', {})).toEqual([]);
});

test('the key of the listeners is in no file but its own', () => {
  const key = readFileSync(join(station.dataDir, 'secrets', 'http.key.pem'), 'utf8');
  expect(key).toMatch(/PRIVATE KEY/u);
  expect(station.log.join('\n')).not.toContain(key.split('\n')[1]);
});
