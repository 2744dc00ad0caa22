import { createClient } from '@hey-api/openapi-ts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { calls, tryOutPin, type CallName, type ErrorCode } from '../../../src-main/contract/index.ts';
import { TestApi, type ApiAnswer } from '../../support/api.ts';
import { bundleOrder } from '../../support/bundle.ts';
import { newEcCsr } from '../../support/csr.ts';
import { TestCa } from '../../support/pki.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
let api: TestApi;
let order: string;
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  api = await TestApi.of(station, ['api', 'crl']);
  order = await bundleOrder(station);
});
afterAll(() => station.dispose());

/** Every refusal is a problem document of the catalogue, with its own status. */
function isProblem(answer: ApiAnswer, status: number, code: ErrorCode): void {
  expect({ status: answer.status, type: answer.headers['content-type']?.split(';')[0], code: answer.json['code'] }, answer.body).toEqual({
    status,
    type: 'application/problem+json',
    code,
  });
  expect(answer.json).toMatchObject({ status, type: `urn:birthmark:problem:${code}` });
  expect(answer.json['detail']).not.toMatch(/[{}]/u);
  expect(answer.headers['x-request-id']).toBe((answer.json['instance'] as string).split(':').at(-1));
}

describe('the description of the API', () => {
  test('is OpenAPI that a validator accepts, and has every call of the contract that programs may make', async () => {
    const { status, json } = await api.send('/v1/openapi.json');
    expect(status).toBe(200);
    expect(await new Validator().validate(json)).toMatchObject({ valid: true });
    const paths = Object.keys(json['paths'] as object);
    const left = (Object.keys(calls) as CallName[]).filter((name) => !paths.includes(`/v1/calls/${name}`));
    expect(left.sort()).toMatchInlineSnapshot(`
      [
        "ceremony.abandon",
        "ceremony.confirm",
        "ceremony.continue",
        "ceremony.current",
        "ceremony.import",
        "ceremony.lint",
        "ceremony.start",
        "operators.list",
        "operators.signIn",
        "operators.signOut",
        "pin.cancel",
        "pin.enter",
        "pin.onDevice",
        "pin.terms",
        "station.init",
        "station.tryOut",
        "tokens.inspect",
        "tokens.modules",
      ]
    `);
    isProblem(await api.send('/v1/openapi.json', { key: null }), 401, 'CALLER_UNKNOWN');
  });

  test('a client that a generator made from it registers, issues, reads and revokes', async () => {
    mkdirSync(resolve('build'), { recursive: true });
    const folder = mkdtempSync(resolve('build/generated-client-'));
    try {
      writeFileSync(join(folder, 'openapi.json'), (await api.send('/v1/openapi.json')).body);
      const output = join(folder, 'client');
      await createClient({ input: join(folder, 'openapi.json'), output, logs: { level: 'silent' } });
      // What a user of the generator gets; its types are those of the document.
      type Answer = Promise<{ data?: Record<string, never>; error?: unknown }>;
      type Generated = Record<string, (options: object) => Answer>;
      const sdk = (await import(join(output, 'sdk.gen.ts'))) as Generated;
      const made = (await import(join(output, 'client.gen.ts'))) as { client: { setConfig(config: object): void } };
      made.client.setConfig({ baseUrl: api.base, fetch: api.fetch, auth: () => api.key, throwOnError: true });
      const call = async (name: string, options: object = {}): Promise<Record<string, never>> => {
        const generated = sdk[name];
        if (generated === undefined) throw new Error(`the generated client has no ${name}: ${Object.keys(sdk).join(' ')}`);
        return (await generated(options)).data ?? {};
      };
      expect(await call('postDevices', { body: { device: 'acme/gen-1', fields: { location: 'Bay 3' } } })).toMatchObject({
        state: 'PENDING',
      });
      await call('devicesApprove', { body: { devices: ['acme/gen-1'], reason: 'ordered' } });
      const bundle = await call('bundlesMake', { body: { device: 'acme/gen-1', order } });
      expect(
        Buffer.from(bundle['file'] ?? '', 'base64')
          .subarray(0, 2)
          .toString(),
      ).toBe('PK');
      const { rows } = await call('getCertificates', { query: { search: 'acme/gen-1', limit: 5 } });
      expect(rows).toMatchObject([{ device: 'acme/gen-1', status: 'SIGNED' }]);
      const [{ serial }] = z.tuple([z.object({ serial: z.string() })]).parse(rows);
      expect(await call('getCertificatesSerial', { path: { serial } })).toMatchObject({ serial, keyMadeBy: 'station' });
      expect(await call('postCertificatesSerialRevoke', { path: { serial }, body: { reason: 'keyCompromise' } })).toMatchObject([
        { serial },
      ]);
      expect(await call('certificatesGet', { body: { serial } })).toMatchObject({ status: 'REVOKED' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('who may call', () => {
  test('a key that is none, or was withdrawn, and a role that is too low', async () => {
    isProblem(await api.call('devices.list', {}, { key: null }), 401, 'CALLER_UNKNOWN');
    isProblem(await api.call('devices.list', {}, { key: 'birthmark-key-no' }), 401, 'CALLER_UNKNOWN');
    isProblem(await api.call('devices.list', {}, { key: null, headers: { authorization: 'Basic YTpi' } }), 401, 'CALLER_UNKNOWN');
    const key = await api.keyFor('line-7', 'technician');
    expect((await api.call('devices.list', {}, { key })).status).toBe(200);
    const refused = await api.call('revocations.revoke', { selector: { device: 'acme/x' }, reason: 'superseded' }, { key });
    isProblem(refused, 403, 'NOT_ALLOWED');
    expect(refused.json['params']).toEqual({ role: 'technician', call: 'revocations.revoke' });
    await station.call('accessKeys.withdraw', { name: 'line-7' });
    isProblem(await api.call('devices.list', {}, { key }), 401, 'CALLER_UNKNOWN');
  });

  test('a person’s sign-in, a PIN and the set-up of a station are no business of programs', async () => {
    for (const name of ['operators.signIn', 'operators.signOut', 'pin.enter', 'station.init', 'station.tryOut', 'no.call', '__proto__'])
      isProblem(await api.call(name, {}), 404, 'NOT_FOUND');
  });

  test('the certificate of a service that an access key names opens; a stranger’s or a revoked one does not', async () => {
    await station.call('sessions.close', {});
    await station.openSession({ profiles: ['device', 'service'], quota: 20 });
    await station.call('logins.service', { name: 'line', reads: [], writes: [], password: false });
    const made = await station.call('logins.certificate', { name: 'line', csr: null });
    const client = { cert: made.pem, key: made.keyPem ?? '' };
    const get = (one = client): Promise<ApiAnswer> => api.send('/v1/devices?limit=1', { key: null, client: one });
    isProblem(await get(), 401, 'CLIENT_CERTIFICATE');
    expect(await station.call('accessKeys.add', { name: 'line-certificate', role: 'support', service: 'line' })).toMatchObject({
      key: null,
    });
    expect((await get()).status).toBe(200);
    const foreign = new TestCa('Somebody').issue('birthmark:line');
    expect((await get({ cert: foreign.certificatePem, key: foreign.keyPem })).json['params']).toMatchObject({
      as: 'INVALID_CERTIFICATE_CHAIN',
    });
    await station.call('logins.remove', { username: 'birthmark:line' });
    expect((await get()).json['params']).toMatchObject({ as: 'CERTIFICATE_REVOKED' });
  });
});

describe('bad input', () => {
  test.each([
    ['no JSON', '{"a"', 400, 'INVALID_INPUT'],
    ['a list', [], 400, 'INVALID_INPUT'],
    ['an unknown field', { limit: 1, colour: 'red' }, 400, 'INVALID_INPUT'],
    ['a wrong type', { limit: 'many' }, 400, 'INVALID_INPUT'],
    ['a page that is too large', { limit: 501 }, 400, 'INVALID_INPUT'],
    ['a field of every object', '{"__proto__": {"limit": 1}}', 400, 'INVALID_INPUT'],
    ['a million brackets', '['.repeat(1_000_000) + ']'.repeat(1_000_000), 400, 'INVALID_INPUT'],
    ['more than a request may have', `{"search":"${'x'.repeat(4 * 1024 * 1024)}"}`, 413, 'REQUEST_TOO_LARGE'],
  ] as const)('%s is refused by name', async (_, body, status, code) => {
    isProblem(await api.call('devices.list', body), status, code);
  });

  test('the answer to a body that is too large arrives, however much of it is still on its way', async () => {
    const body = 'x'.repeat(12 * 1024 * 1024);
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.call('devices.list', body)));
    for (const answer of answers) isProblem(answer, 413, 'REQUEST_TOO_LARGE');
  });

  test('what is no JSON by its type, or is nowhere', async () => {
    isProblem(
      await api.send('/v1/calls/devices.list', { body: 'limit=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      415,
      'REQUEST_TYPE',
    );
    isProblem(await api.send('/v1/nothing'), 404, 'REQUEST_PATH');
    isProblem(await api.send('/v1/devices', { method: 'DELETE' }), 404, 'REQUEST_PATH');
    isProblem(await api.send('/v1/certificates/AB00'), 404, 'NOT_FOUND');
    isProblem(await api.send('/v1/certificates?limit=x'), 400, 'INVALID_INPUT');
    isProblem(await api.send('/v1/devices/acme/gen-1/certificates/rotate', { body: { csr: '%%%' } }), 400, 'INVALID_INPUT');
  });

  test('a request with the key of another device makes no certificate', async () => {
    await station.call('sessions.close', {});
    await station.openSession();
    const devices: string[] = [];
    for (const hardwareId of ['api-unit-1', 'api-unit-2']) {
      devices.push((await station.run(1, { hardwareId })).device ?? '');
      await station.unplug(1);
    }
    const body = { csr: newEcCsr().toString('base64'), override: 'test' };
    const [first, second] = devices.map((device) => `/v1/devices/${device}/certificates/rotate`);
    const made = await api.send(first ?? '', { body });
    expect([made.status, Object.keys(made.json).sort()]).toEqual([200, ['graceUntil', 'pem', 'replaces', 'serial']]);
    isProblem(await api.send(second ?? '', { body }), 409, 'KEY_REUSED');
    expect((await api.send(`/v1/certificates?search=${second?.split('/').slice(3, 5).join('/') ?? ''}`)).json).toMatchObject({ total: 1 });
  });

  test('whoever tries keys is held back; whoever has a good one is not', async () => {
    const answers: number[] = [];
    for (let tried = 0; tried < 30; tried++) answers.push((await api.send('/v1/status', { key: `birthmark-key-${String(tried)}` })).status);
    expect(answers.at(-1)).toBe(429);
    expect((await api.send('/v1/status')).status).toBe(200);
  });

  test('a body that comes slowly is given up, and nothing of it is carried out', async () => {
    const answer = await new Promise<string>((done, failed) => {
      const socket = connect({ host: '127.0.0.1', port: api.port, servername: 'localhost', ca: [...api.ca] }, () =>
        socket.write(
          `POST /v1/calls/devices.register HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${api.key}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"device":"acme/slow"`,
        ),
      );
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.on('close', () => done(text)).on('error', failed);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /u);
    expect((await api.send('/v1/devices?search=acme/slow')).json).toMatchObject({ total: 0 });
  });
});

describe('a call that comes twice', () => {
  const headers = { 'idempotency-key': 'order-4711' };
  const device = { device: 'acme/twice' };

  test('with one key is carried out once, also by a station that was killed in between', async () => {
    const first = await api.call('devices.register', device, { headers });
    expect(first.status).toBe(200);
    await station.kill('station');
    const again = await api.call('devices.register', device, { headers });
    expect([again.status, again.body]).toEqual([200, first.body]);
    isProblem(await api.call('devices.register', { device: 'acme/other' }, { headers }), 422, 'REQUEST_REPEATED');
    isProblem(await api.call('devices.register', device), 400, 'INVALID_INPUT');
    isProblem(await api.call('devices.register', device, { headers: { 'idempotency-key': 'a b' } }), 400, 'INVALID_INPUT');
    // Somebody else’s keys are their own.
    const key = await api.keyFor('another', 'officer');
    isProblem(await api.call('devices.register', device, { headers, key }), 400, 'INVALID_INPUT');
  });

  test('that was refused may be made again, and a secret is told once', async () => {
    await station.call('sessions.close', {});
    const wish = { device: 'acme/gen-2', order };
    const once = { headers: { 'idempotency-key': 'bundle-1' } };
    isProblem(await api.call('bundles.make', wish, once), 409, 'SESSION_NONE');
    await station.openSession();
    const made = await api.call('bundles.make', wish, once);
    expect(made.status).toBe(200);
    isProblem(await api.call('bundles.make', wish, once), 409, 'REQUEST_TOLD_ONCE');
    const { passphrase } = made.json as { passphrase: string };
    expect(station.log.join('\n')).not.toContain(passphrase);
  });
});

describe('events', () => {
  /** Reads a stream until it has what is asked for. */
  async function read(given: { last?: string; key?: string }, until: RegExp): Promise<string> {
    const response = await api.open('/v1/events', {
      ...(given.key === undefined ? {} : { key: given.key }),
      headers: given.last === undefined ? {} : { 'last-event-id': given.last },
    });
    let text = '';
    for await (const chunk of response) {
      text += (chunk as Buffer).toString();
      if (until.test(text)) break;
    }
    response.destroy();
    return text;
  }

  test('come as they happen; whoever comes back gets what came meanwhile, or is told that some are missing', async () => {
    await station.call('sessions.close', {});
    const reading = read({}, /event: session\.changed\n.*\n.*null\n\n/u);
    const first = await Promise.all([
      reading,
      (async () => {
        await station.openSession();
        await station.call('sessions.close', {});
      })(),
    ]);
    const [, last = ''] = /id: (\S+)\n.*null\n\n$/u.exec(first[0]) ?? [];
    await station.openSession();
    expect(await read({ last }, /event: session\.changed/u)).not.toContain('events.missed');
    expect(await read({ last: 'another-12' }, /event: session\.changed/u)).toContain('event: events.missed');
  });

  test('a stream of a key that was withdrawn ends with the next event', async () => {
    const key = await api.keyFor('watcher', 'support');
    const response = await api.open('/v1/events', { key });
    await station.call('accessKeys.withdraw', { name: 'watcher' });
    const ended = (async () => {
      let text = '';
      try {
        for await (const chunk of response) text += (chunk as Buffer).toString();
      } catch {
        // Cut off.
      }
      return text;
    })();
    await station.call('sessions.close', {});
    expect(await ended).not.toContain('session.changed');
  });
});

test('neither a key nor a PIN is in the log', () => {
  const log = station.log.join('\n');
  expect(log).toMatch(/POST \/v1\/calls\/:name 200/u);
  for (const secret of [api.key, tryOutPin]) expect(log).not.toContain(secret);
});
