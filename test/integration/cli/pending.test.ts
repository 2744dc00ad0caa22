import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryOutPin } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf, type CliResult } from '../../support/birthmark.ts';

/** A command is done when what it promises is in force; until then it says PENDING, with an exit code of its own. */
const dir = mkdtempSync(join(tmpdir(), 'birthmark-pending-'));
const data = join(dir, 'station');
const pin = join(dir, 'pin');
const run = (...args: readonly string[]): Promise<CliResult> => birthmark([...args, '--data', data]);

beforeAll(async () => {
  writeFileSync(pin, tryOutPin);
  const made = await run('demo', '--units', '2');
  expect(made.code, made.stderr).toBe(0);
  expect((await run('logins', 'add-service', 'dashboard', '--read', 'tenant/acme/#', '--password')).code).toBe(0);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const promises: readonly (readonly string[])[] = [
  ['logins', 'remove', 'birthmark:dashboard'],
  ['logins', 'add-service', 'ingest', '--write', 'tenant/acme/#', '--password'],
  ['logins', 'set-tenant', 'acme', '--mode', 'certificates', '--reason', 'test'],
  ['access', 'set-topics', 'site/{tenant}/{device}/#', '--anyway'],
  ['certificates', 'revoke', '--issued-from', '2020-01-01T00:00Z', '--timeout', '1', '--pin-file', pin],
];

describe('with a broker that cannot start', () => {
  const busy = createServer((socket) => socket.destroy());
  beforeAll(async () => {
    const port = Number(readFileSync(join(data, 'broker', 'port'), 'utf8'));
    await new Promise<void>((resolve) => busy.listen({ host: '127.0.0.1', port }, resolve));
  });
  afterAll(() => new Promise((resolve) => busy.close(resolve)));

  test.each(promises.map((args) => [args.slice(0, 2).join(' '), args] as const))('%s is PENDING, and says why', async (_, args) => {
    const result = await run(...args, '--json');
    expect(result.code, result.stderr).toBe(8);
    const { verdict, error } = jsonOf(result);
    expect(verdict).toBe('PENDING');
    expect(error).toMatchObject({ code: 'NOT_IN_FORCE', what: expect.stringContaining('BROKER_PORT_BUSY') as string });
  });

  test.each([
    ['logins', 'list'],
    ['devices', 'list'],
    ['access', 'show'],
    ['crl', 'list'],
    ['requests', 'list'],
  ])('%s %s publishes nothing, and says nothing of a publication', async (...args) =>
    expect(await run(...args)).toMatchObject({ code: 0, stderr: '' }),
  );
});

test('when the broker is there again all of it comes into force, and the same commands are done', async () => {
  const removed = await run('logins', 'remove', 'birthmark:ingest');
  expect(removed).toMatchObject({ code: 0, stdout: 'Taken away.\n', stderr: '' });
  expect(await run('broker', 'reconcile')).toMatchObject({ code: 0 });
});
