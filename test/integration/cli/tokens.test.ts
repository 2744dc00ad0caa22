import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { makeSoftHsmToken, makeTokenWithoutPin, softoknPath } from '../../support/token-made.ts';
import { makeTokenFolder, softhsmPath } from '../../support/token.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-tokens-'));
const tokens = makeTokenFolder();
const blank = makeTokenFolder();
const shim = makeShimFolder();
const serials: string[] = [];
const conf = (folder: typeof tokens): string => folder.module.env?.['SOFTHSM2_CONF'] ?? '';
const pin = (text: string): string => {
  const file = join(dir, `pin-${Buffer.from(text).toString('hex')}`.slice(0, 60));
  writeFileSync(file, text);
  return file;
};

const onShim = (): string[] => ['--module', shim.module.path, '--token', 'Shim', '--pin-file', pin('482916')];
/** Takes as long as the signer waits for a module; the other tests run meanwhile. */
let hung: ReturnType<typeof init>;

beforeAll(() => {
  for (const label of ['Twin', 'Twin', 'Only']) serials.push(makeSoftHsmToken(conf(tokens), label, '482916'));
  makeSoftHsmToken(conf(shim), 'Shim', '482916');
  shim.fault('hang C_Login');
  hung = init('f', onShim(), shim.module.env);
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  for (const folder of [tokens, blank, shim]) folder.remove();
});

async function init(data: string, args: readonly string[], env = tokens.module.env): Promise<{ code: number | null; error: unknown }> {
  const result = await birthmark(['init', '--data', join(dir, data), '--json', ...args], { env: { ...env } });
  expect(result.stderr).not.toContain('482916');
  return { code: result.code, error: jsonOf(result)['error'] };
}
const module = ['--module', softhsmPath()];

describe('init', () => {
  test('says which tokens there are when the one that is named is not', async () => {
    const { code, error } = await init('a', [...module, '--token', 'None', '--pin-file', pin('482916')]);
    expect(code).toBe(exitCodes.TOKEN);
    expect(error).toMatchObject({
      code: 'TOKEN_UNKNOWN',
      params: { label: 'None', found: expect.stringContaining(`“Only” (${serials[2] ?? ''})`) as string },
    });
    expect((await init('a', [...module, '--token', 'None', '--pin-file', pin('482916')], blank.module.env)).error).toMatchObject({
      params: { found: 'no token that is initialised' },
    });
  });

  test('does not choose between two tokens with one name, and takes the serial number instead', async () => {
    const twin = await init('b', [...module, '--token', 'Twin', '--pin-file', pin('482916')]);
    expect(twin).toMatchObject({ code: exitCodes.USAGE, error: { code: 'INVALID_INPUT', params: { field: '--token' } } });
    expect((await init('b', [...module, '--token', serials[1] ?? '', '--pin-file', pin('482916')])).code).toBe(0);
    expect(jsonOf(await birthmark(['status', '--data', join(dir, 'b'), '--json'], { env: { ...tokens.module.env } }))).toMatchObject({
      token: { state: 'locked', view: { label: 'Twin', serial: serials[1] } },
    });
  });

  test.each([
    [
      'wrong',
      '999999',
      { code: 'PIN_WRONG', params: { triesLeft: 9, counted: expect.stringContaining('the token does not tell') as string } },
    ],
    ['empty', '', { code: 'PIN_INVALID' }],
    ['too long', '9'.repeat(300), { code: 'PIN_INVALID' }],
  ])('ends with a PIN that is %s, and leaves no station', async (name, text, expected) => {
    expect(await init(name, [...module, '--token', 'Only', '--pin-file', pin(text)])).toMatchObject({
      code: exitCodes.TOKEN,
      error: expected,
    });
    const status = await birthmark(['status', '--json', '--data', join(dir, name)]);
    expect(jsonOf(status)).toMatchObject({ phase: 'first-run' });
    expect(existsSync(join(dir, name, 'secrets'))).toBe(false);
  });

  test('can be run again in the same folder, with the right PIN', async () => {
    expect((await init('wrong', [...module, '--token', 'Only', '--pin-file', pin('482916')])).code).toBe(0);
  });

  test('names a token that has no PIN yet', async () => {
    makeTokenWithoutPin(conf(blank), softhsmPath(), 'No PIN');
    expect(await init('c', [...module, '--token', 'No PIN', '--pin-file', pin('482916')], blank.module.env)).toMatchObject({
      code: exitCodes.TOKEN,
      error: { code: 'PIN_NOT_SET', params: { label: 'No PIN' } },
    });
  });

  test('of a new software token takes the PIN from standard input, which is read once and asked for twice', async () => {
    const made = await birthmark(['init', '--data', join(dir, 'own'), '--json', '--pin-file', '-'], { input: '482916\n' });
    expect(made.code, made.stderr).toBe(0);
  });

  test('names a module that does not start', async () => {
    const args = ['--module', softoknPath(), '--token', 'x', '--pin-file', pin('482916')];
    expect(await init('d', args)).toMatchObject({ code: exitCodes.TOKEN, error: { code: 'MODULE_NOT_STARTED' } });
  });

  test('refuses two slots at one port', async () => {
    const { code, error } = await init('e', ['--slot', '1=/dev/a', '--slot', '2=/dev/a', '--pin-file', pin('482916')]);
    expect([code, error]).toMatchObject([exitCodes.USAGE, { params: { field: '--slot', problem: 'the port /dev/a is given twice' } }]);
  });

  test('of a module that hangs ends in TOKEN_HUNG with the name of the call, also where the process had to be killed', async () => {
    expect(await hung).toMatchObject({
      code: exitCodes.TOKEN,
      error: { code: 'TOKEN_HUNG', params: { method: 'C_Login', ms: 15_000 } },
    });
    shim.fault(null);
    expect((await init('f', onShim(), shim.module.env)).code).toBe(0);
  });

  test('of a write-protected token ends before anything is made', async () => {
    shim.fault('flags 0x2 0');
    expect(await init('g', onShim(), shim.module.env)).toMatchObject({ code: exitCodes.TOKEN, error: { code: 'TOKEN_WRITE_PROTECTED' } });
    shim.fault(null);
    expect((await init('g', onShim(), shim.module.env)).code).toBe(0);
  });
});

describe('tokens rebind', () => {
  const data = join(dir, 'b');
  const moved = makeTokenFolder();
  const args = (pinText: string): string[] => [
    ...['tokens', 'rebind', '--data', data, '--json', ...module, '--module-env', `SOFTHSM2_CONF=${conf(moved)}`],
    ...['--token', 'Twin', '--serial', serials[1] ?? '', '--reason', 'the tokens moved', '--pin-file', pin(pinText)],
  ];
  afterAll(() => moved.remove());

  test('takes the keys where they are now; after a wrong PIN everything is as it was', async () => {
    cpSync(join(tokens.dir, 'tokens'), join(moved.dir, 'tokens'), { recursive: true });
    const wrong = await birthmark(args('999999'), { env: { ...tokens.module.env } });
    expect([wrong.code, jsonOf(wrong)['error']]).toMatchObject([exitCodes.TOKEN, { code: 'PIN_WRONG' }]);
    const right = await birthmark(args('482916'), { env: { ...tokens.module.env } });
    expect(right.code, right.stderr).toBe(0);
    expect(jsonOf(right)).toMatchObject({ token: { label: 'Twin', serial: serials[1] } });
    // Without the variable that the first module had: it is kept with the station.
    expect(jsonOf(await birthmark(['status', '--data', data, '--json'], {}))).toMatchObject({
      token: { state: 'locked', view: { serial: serials[1] } },
    });
  });
});
