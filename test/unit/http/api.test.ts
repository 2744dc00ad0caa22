import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Bytes, calls, Failure, type Caller, type CallName } from '../../../src-main/contract/index.ts';
import { fromJson, toJson } from '../../../src-main/station/http/api/json-forms.ts';
import { OnceOnly } from '../../../src-main/station/http/api/once.ts';
import { servedCalls } from '../../../src-main/station/http/api/served.ts';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => void (here = new TestRegistry()));
afterEach(() => here.dispose());

const caller: Caller = { name: 'line-2', role: 'officer', face: 'http', connection: '1', credential: null };
const asked = { input: { device: 'acme/x' }, caller };

test('a call that the station did not end is not carried out again: nobody knows what was done', async () => {
  here.registry.idempotentCalls.begin('line-2', 'k', 'devices.register', 'another');
  const once = new OnceOnly(here.registry);
  await expect(once.run('k', 'devices.register', asked, () => Promise.resolve('{}'))).rejects.toMatchObject({ code: 'REQUEST_REPEATED' });
  let done = 0;
  const died = once.run('dies', 'devices.register', asked, () => new Promise(() => void done++));
  await expect(once.run('dies', 'devices.register', asked, () => Promise.resolve('{}'))).rejects.toMatchObject({ code: 'REQUEST_RUNNING' });
  // Another process on the same folder.
  const next = new OnceOnly(here.reopen());
  await expect(next.run('dies', 'devices.register', asked, () => Promise.resolve('{}'))).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  expect(done).toBe(1);
  void died;
});

test('after a bug a key is used up; after a refusal, and after a day, it is not', async () => {
  const once = new OnceOnly(here.registry);
  const run = (work: () => Promise<string>): Promise<string> => once.run('k', 'devices.register', asked, work);
  await expect(run(() => Promise.reject(new Failure('SESSION_NONE')))).rejects.toMatchObject({ code: 'SESSION_NONE' });
  await expect(run(() => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  await expect(run(() => Promise.resolve('{}'))).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
  here.clock.pass(24 * 3_600_000);
  expect(await run(() => Promise.resolve('{"n":1}'))).toBe('{"n":1}');
  expect(await run(() => Promise.reject(new Error('not again')))).toBe('{"n":1}');
});

test('a password is not in the hash that is kept of a call', async () => {
  const once = new OnceOnly(here.registry);
  const add = (password: string): Promise<string> =>
    once.run('k', 'operators.add', { input: { name: 'Kim', role: 'technician', password }, caller }, () => Promise.resolve('{}'));
  await add('first password');
  expect(await add('second password')).toBe('{}');
});

/** Every name of a field in a JSON schema. */
const fieldsIn = (schema: unknown): string[] =>
  typeof schema !== 'object' || schema === null
    ? []
    : Object.entries(schema).flatMap(([key, value]) => [...(key === 'properties' ? Object.keys(value as object) : []), ...fieldsIn(value)]);

test('an answer with a secret in it says so', () => {
  const secret = /^(?:keyPem|password|passphrase|link|credential)$/u;
  const withSecret = servedCalls.filter((name: CallName) =>
    fieldsIn(z.toJSONSchema(calls[name].output, { unrepresentable: 'any' })).some((field) => secret.test(field)),
  );
  expect([...withSecret, 'accessKeys.add'].sort()).toEqual(servedCalls.filter((name) => calls[name].secret === true).sort());
});

test('bytes come and go as base64, and what is none is left for the schema to refuse', () => {
  const { input } = calls['rotation.begin'];
  const given = { device: 'acme/x', csr: Buffer.from('request').toString('base64'), attestation: null };
  expect(input.parse(fromJson(input, given))).toMatchObject({ csr: Buffer.from('request'), attestation: null });
  for (const csr of ['%', 'YQ', 'YQ=', 7, null, ['YQ==']]) expect(input.safeParse(fromJson(input, { ...given, csr })).success).toBe(false);
  const many = z.object({ files: z.array(Bytes).readonly(), named: z.record(z.string(), Bytes.nullable().default(null)) });
  expect(fromJson(many, { files: ['YQ=='], named: { b: 'Yg==', c: null }, d: 'ZA==' })).toEqual({
    files: [Buffer.from('a')],
    named: { b: Buffer.from('b'), c: null },
    d: 'ZA==',
  });
  expect(toJson({ file: new Uint8Array([97]), rows: [Buffer.from('b')] })).toBe('{"file":"YQ==","rows":["Yg=="]}');
});
