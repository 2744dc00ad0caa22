import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src-main/contract/index.ts';
import type { Argument, CommandEntry } from '../../../src-main/cli/grammar/entry.ts';
import { optionsOf } from '../../../src-main/cli/grammar/options.ts';
import { commands, nouns, plainCommands } from '../../../src-main/cli/grammar/table.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { TestStation } from '../../support/station.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A file that is there, for commands that read one before they look for their station. */
const someFile = join(dir, 'some');
writeFileSync(someFile, '{}');

/** What a command must be told before it looks for its station. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'access-keys add': ['1', '--role', 'support', '--out', join(dir, 'access.key')],
  'bundles make': ['acme/a', '--out', join(dir, 'a.zip')],
  'bundles offer': ['acme/a'],
  'devices register': ['acme/a'],
  'devices describe': ['acme/a', '--field', 'name=Gate'],
  'crl adopt': [someFile, '--dry-run'],
  'crl set-hours': ['48'],
  'requests create': ['--certificate', someFile, '--reason', 'superseded', '--out', join(dir, 'request.json')],
  'broker use-rabbitmq': ['node-1=/mnt', '--password-file', someFile],
  'logins certify': ['ingest', '--make-key', join(dir, 'key.pem'), '--out', join(dir, 'a.pem')],
  'certificates issue-server': ['--make-key', join(dir, 'key.pem'), '--dns', 'broker.example', '--out', join(dir, 'a.pem')],
};

const valueFor = ({ file, choices }: Pick<Argument, 'file' | 'choices'>): string =>
  choices?.[0] ?? (file === 'read' ? someFile : file === undefined ? '1' : join(dir, 'out'));
const words: Readonly<Record<string, string>> = { 'TENANT/DEVICE': 'acme/a', 'N=POSITION': '1=/dev/x', 'HOST[:PORT]=FOLDER': 'a=/b' };

/** What the table requires, with values that are none in particular. */
function wordsFor(command: CommandEntry): readonly string[] {
  const given = needed[command.name];
  if (given !== undefined) return given;
  const { argument } = command;
  const required = Object.entries(optionsOf(command)).filter(([, option]) => option.required === true);
  return [
    ...(argument?.required === true ? [words[argument.word] ?? valueFor(argument)] : []),
    ...required.flatMap(([name, option]) => [`--${name}`, valueFor(option)]),
  ];
}

describe('without a station', () => {
  test('the overview names every noun, every word that stands alone and every exit code', async () => {
    const { code, stdout } = await birthmark(['--help']);
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/u));
    for (const { name, summary } of [...plainCommands, ...nouns]) expect(lines).toContainEqual([name, summary]);
    for (const [name, number] of Object.entries(exitCodes)) expect(stdout).toContain(`${String(number)} ${name}`);
    expect((await birthmark([])).code).toBe(exitCodes.USAGE);
    expect((await birthmark(['certificates'])).code).toBe(exitCodes.USAGE);
  });

  test('the help of a command names its options and starts nothing', async () => {
    const { code, stdout, stderr } = await birthmark(['certificates', 'revoke', '--help', '--data', join(dir, 'nowhere')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('--fingerprint');
    expect((await birthmark(['help', 'certificates', 'revoke'])).stdout).toBe(stdout);
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
  });

  test.each(
    commands.filter(
      ({ alone, name }) =>
        alone !== true && !['demo', 'init', 'ceremony start', 'certificates revoke', 'tokens list', 'restore'].includes(name),
    ),
  )('$name says that no station is here', async (command) => {
    const result = await birthmark([...command.name.split(' '), '--json', '--data', join(dir, 'nowhere'), ...wordsFor(command)]);
    expect(result.code).toBe(exitCodes.REFUSED);
    expect(jsonOf(result)).toMatchObject({
      verdict: 'FAIL',
      error: { code: 'NOT_SET_UP', who: expect.any(String) as string, steps: expect.any(Array) as string[] },
    });
  });

  test.each([
    [['no-such'], exitCodes.USAGE],
    [['demo', '--units', '0'], exitCodes.USAGE],
    [['demo', '--units', 'many'], exitCodes.USAGE],
    [['demo', '--parallel', '17'], exitCodes.USAGE],
    [['demo', '--fault', 'no-such'], exitCodes.USAGE],
    [['demo', '--no-such'], exitCodes.USAGE],
    [['demo', 'extra'], exitCodes.USAGE],
    [['certificates', 'revoke'], exitCodes.USAGE],
    [['certificates', 'revoke', '--device', 'a/b', '--serial', 'AB'], exitCodes.USAGE],
    [['certificates', 'revoke', '--device', 'a/b', '--reason', 'boredom'], exitCodes.USAGE],
    [['init', '--slot', 'one'], exitCodes.USAGE],
    [['certificates', 'list', '--status', 'GOOD'], exitCodes.USAGE],
    [['init', '--data', '/proc/nowhere'], exitCodes.DATA],
    [['init', '--module', '/no/such.so', '--data', join(dir, 'no-module')], exitCodes.TOKEN],
  ] as const)('%j ends with %i, and says why as one JSON object', async (args, code) => {
    const result = await birthmark([...args, '--json']);
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).not.toMatch(/\n\s+at /u);
    expect(jsonOf(result)).toMatchObject({ verdict: 'FAIL', error: { code: expect.any(String) as string } });
  });
});

describe('on a station', () => {
  const data = join(dir, 'station');
  const pin = join(dir, 'pin');
  const on = (...args: string[]): ReturnType<typeof birthmark> => birthmark([...args, '--data', data, '--json']);

  beforeAll(async () => {
    writeFileSync(pin, '246810\n', { mode: 0o600 });
    const made = await birthmark(['init', '--data', data, '--name', 'Line 7', '--pin-file', pin, '--json']);
    expect(made.code, made.stderr).toBe(0);
    expect(jsonOf(made)).toMatchObject({ phase: 'ready', name: 'Line 7', tryOut: false });
  });

  test('every command that looks prints one object and ends with 0', async () => {
    expect(jsonOf(await on('status'))).toMatchObject({ phase: 'ready', token: { state: 'locked' }, session: null });
    expect(jsonOf(await on('devices', 'list'))).toEqual({ verdict: 'PASS', total: 0, rows: [] });
    expect(jsonOf(await on('certificates', 'list', '--status', 'active'))).toMatchObject({ total: 3 });
    expect(jsonOf(await on('crl', 'list'))).toMatchObject({ total: 1, rows: [{ number: 1, entries: 1 }] });
    expect(jsonOf(await on('doctor'))).toMatchObject({ verdict: 'PASS' });
    expect(jsonOf(await on('verify'))).toMatchObject({ verdict: 'PASS', units: [] });
  });

  test('the same without --json is for people: no JSON, no stack', async () => {
    for (const words of [['status'], ['devices', 'list'], ['crl', 'list'], ['doctor']]) {
      const { code, stdout } = await birthmark([...words, '--data', data]);
      expect(code).toBe(0);
      expect(stdout.length).toBeGreaterThan(10);
      expect(stdout).not.toMatch(/^\{/u);
    }
  });

  test('the PIN comes from a file or standard input; a wrong one is TOKEN and is tried once', async () => {
    expect(jsonOf(await on('crl', 'publish', '--pin-file', pin))).toMatchObject({ rows: [{ number: 2 }, { number: 1 }] });
    const typed = await birthmark(['crl', 'publish', '--pin-file', '-', '--data', data, '--json'], { input: '246810\n' });
    expect(jsonOf(typed)).toMatchObject({ total: 3 });
    writeFileSync(join(dir, 'wrong'), '999999');
    const wrong = await on('crl', 'publish', '--pin-file', join(dir, 'wrong'));
    expect(wrong.code).toBe(exitCodes.TOKEN);
    expect(jsonOf(wrong)).toMatchObject({ error: { code: 'PIN_WRONG', retry: 'after-pin' } });
    const missing = await on('crl', 'publish', '--pin-file', join(dir, 'none'));
    expect(jsonOf(missing)).toMatchObject({ error: { code: 'FILE_NOT_FOUND', params: { path: join(dir, 'none') } } });
    expect((await on('crl', 'publish')).code).toBe(exitCodes.USAGE);
  });

  test('what is not there is NOT_FOUND; what is in use is DATA_IN_USE; what is there already is ALREADY_SET_UP', async () => {
    expect(jsonOf(await on('certificates', 'revoke', '--device', 'acme/none', '--pin-file', pin))).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
    expect(jsonOf(await on('provision', '--order', 'NONE', '--pin-file', pin))).toMatchObject({ error: { code: 'NOT_FOUND' } });
    const again = await on('init', '--pin-file', pin);
    expect([again.code, jsonOf(again)]).toMatchObject([exitCodes.REFUSED, { error: { code: 'ALREADY_SET_UP' } }]);
    const holder = new TestStation({ dataDir: data });
    await holder.call('station.status', {});
    const busy = await on('status');
    expect([busy.code, jsonOf(busy)]).toMatchObject([
      exitCodes.DATA,
      { error: { code: 'DATA_IN_USE', params: { pid: String(holder.pid('station')) } } },
    ]);
    await holder.stop();
  });

  test('export writes what openssl reads, and says where', async () => {
    const out = join(dir, 'export');
    const result = await on('certificates', 'export', '--out', out);
    expect(result.code, result.stderr).toBe(0);
    jsonOf(result);
    expect(readFileSync(join(out, 'root.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(readFileSync(join(out, 'crl.pem'), 'utf8')).toContain('BEGIN X509 CRL');
  });

  test('a wrong PIN at set-up ends it by name, and the folder can be used again', async () => {
    const fresh = join(dir, 'short');
    writeFileSync(join(dir, 'short-pin'), '1');
    const refused = await birthmark(['init', '--data', fresh, '--pin-file', join(dir, 'short-pin'), '--json']);
    expect([refused.code, jsonOf(refused)]).toMatchObject([exitCodes.TOKEN, { error: { code: 'PIN_INVALID' } }]);
    expect((await birthmark(['init', '--data', fresh, '--pin-file', pin, '--json'])).code).toBe(0);
  });
});
