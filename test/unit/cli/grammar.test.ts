import { describe, expect, test } from 'vitest';
import { find, nearest } from '../../../src-main/cli/grammar/find.ts';
import { helpFor, usageOf } from '../../../src-main/cli/grammar/help.ts';
import { optionsOf } from '../../../src-main/cli/grammar/options.ts';
import { parse } from '../../../src-main/cli/grammar/parse.ts';
import { commands, nouns } from '../../../src-main/cli/grammar/table.ts';
import { Failure, unwrap } from '../../../src-main/contract/index.ts';
import type { Values } from '../../../src-main/cli/values.ts';

const command = (name: string) =>
  unwrap(
    commands.find((one) => one.name === name),
    name,
  );
const parsed = (name: string, ...args: string[]): Values => parse(command(name), args);

/** `field: problem` of what was refused. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'INVALID_INPUT')
      return `${String(thrown.params['field'])}: ${String(thrown.params['problem'])}`;
    throw thrown;
  }
  return 'nothing was refused';
}

describe('the table', () => {
  test.each(commands)('$name: one meaning for each short option, a help for everything, and code behind it', async (entry) => {
    const options = Object.entries(optionsOf(entry));
    const short = options.flatMap(([, one]) => one.short ?? []);
    expect(new Set(short).size).toBe(short.length);
    for (const [name, { help }] of options) expect([name, help]).toEqual([name, expect.stringMatching(/\S/u)]);
    expect(entry.examples.length).toBeGreaterThan(0);
    expect(typeof (await entry.load?.())).toBe(entry.load === null ? 'undefined' : 'function');
  });

  test.each(nouns)('$name has commands that begin with it', ({ name, commands: its }) => {
    for (const entry of its) expect(entry.name).toMatch(new RegExp(`^${name} [a-z-]+$`, 'u'));
  });

  test('the usage line names what must be given', () => {
    expect(usageOf(command('rotations begin'))).toBe('birthmark rotations begin TENANT/DEVICE --csr FILE --out FILE [OPTIONS]');
    expect(usageOf(command('transcripts show'))).toBe('birthmark transcripts show [RUN] [OPTIONS]');
    expect(usageOf(command('devices approve'))).toBe('birthmark devices approve TENANT/DEVICE… --reason TEXT [OPTIONS]');
  });
});

describe('what was probably meant', () => {
  test.each([
    [['certficates', 'list'], 'certificates'],
    [['certificates', 'lsit'], 'certificates list'],
    [['stauts'], 'status'],
    [['expiring'], 'certificates expiring'],
    [['revoke', '--device', 'a/b'], 'certificates revoke'],
    [['broker', '--keys'], 'broker keys'],
  ])('%j', (words, meant) => {
    expect(refusal(() => find(words))).toBe(
      `command: there is no command “${words.slice(0, meant.includes(' ') && words[0] === meant.split(' ')[0] ? 2 : 1).join(' ')}”; did you mean ${meant}?`,
    );
  });

  test('nothing is guessed for a word that is like none', () => {
    expect(refusal(() => find(['xyzzy']))).toBe('command: there is no command “xyzzy”; birthmark help names them');
    expect(nearest('xyzzy', ['list', 'show'])).toBeNull();
    expect(nearest('--', ['ab'])).toBeNull();
  });

  test('of options and of values', () => {
    expect(refusal(() => parsed('certificates list', '--statsu', 'ACTIVE'))).toBe(
      '--statsu: there is no such option; did you mean --status?',
    );
    expect(refusal(() => parsed('certificates list', '--status', 'activ'))).toMatch(/; did you mean ACTIVE\?$/u);
    expect(refusal(() => parsed('status', '-x'))).toBe('-x: there is no such option');
  });
});

describe('what is typed', () => {
  test('the few values of an option are taken in any letter case', () => {
    const values = parsed('certificates revoke', '--reason', 'KEYcompromise', '--device', 'acme/A');
    expect([values.text('reason'), values.text('device')]).toEqual(['keyCompromise', 'acme/A']);
    expect(parsed('completion', 'BASH').word).toBe('bash');
  });

  test('short options, values behind “=”, and options before and after the words', () => {
    const values = parsed('crl export', '-d', 'station', '57', '--out=-x.pem', '-j');
    expect([values.word, values.text('data'), values.text('out'), values.flag('json')]).toEqual(['57', 'station', '-x.pem', true]);
  });

  test.each([
    ['status', ['extra'], 'status: takes nothing beside its options, not “extra”'],
    ['why', [], 'why: needs TENANT/DEVICE'],
    ['why', ['a/b', 'c/d'], 'why: takes one TENANT/DEVICE, not “c/d” too'],
    ['why', [''], 'why: an empty text stands beside the options'],
    ['rotations begin', ['a/b', '--csr', 'x'], 'rotations begin: --out must be given'],
    ['rotations begin', ['a/b'], 'rotations begin: --csr and --out must be given'],
    ['crl export', ['1', '--out'], '--out: needs FILE behind it'],
    ['crl export', ['1', '--out', '--json'], '--out: needs FILE behind it'],
    ['crl export', ['1', '--out', ''], '--out: needs FILE behind it, not an empty text'],
    ['crl export', ['1', '--out', 'a', '--out', 'b'], '--out: may be given once only'],
    ['status', ['--json=yes'], '--json: takes no value'],
    ['status', ['--data', 'a\uFFFDb'], 'status: “a\uFFFDb” is not UTF-8'],
  ])('%s %j is refused', (name, args, problem) => {
    expect(refusal(() => parsed(name, ...args))).toBe(problem);
  });

  test('standard input is read for one thing, and standard output written with one', () => {
    expect(refusal(() => parsed('init', '--pin-file', '-', '--password-file', '-'))).toBe(
      '--pin-file: standard input is read for --password-file already',
    );
    expect(refusal(() => parsed('issuers import-crl', '-', '-'))).toBe('FILE: standard input is read for FILE already');
    expect(refusal(() => parsed('certificates issue-server', '--make-key', '-', '--out', '-'))).toBe(
      '--out: standard output is written with --make-key already',
    );
    expect(refusal(() => parsed('crl export', '1', '--out', '-', '--json'))).toBe('--out: standard output is for the JSON already');
    expect(parsed('crl export', '1', '--out', '-').text('out')).toBe('-');
  });

  test('an option that the table does not have cannot be asked for', () => {
    expect(() => parsed('status').text('pin-file')).toThrow('the command has no option --pin-file');
  });
});

test('help is about all, a noun, or a command', () => {
  expect(find([])).toEqual({ helpFor: null, asked: false });
  expect(find(['--help'])).toEqual({ helpFor: null, asked: true });
  expect(find(['crl', '-h'])).toEqual({ helpFor: 'crl', asked: true });
  expect(helpFor(['crl'])).toContain('crl publish');
  expect(helpFor(['crl', 'publish'])).toContain('--above N');
  expect(helpFor(['crl', 'none'])).toBeNull();
});
