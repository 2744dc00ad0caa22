import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lintDeviceProfile } from '../../../../src-main/station/devices/index.ts';

const ok = { ok: 'OK' };
const good = {
  name: 'x',
  driver: 'console',
  summary: 's',
  manual: [{ title: 'm', version: '1' }],
  keyAlgorithm: 'ec-p256',
  baudRate: 115_200,
  variables: { pin: { value: 's3cret', secret: true }, tag: '7' },
  errors: ['ERROR'],
  identify: [{ send: 'ID', expect: { ok: 'OK', captures: [{ match: 'id=(?<hardwareId>\\w+)' }] } }],
  generateKey: [{ send: 'KEY ${commonName}', expect: { ok: '(?<csr>.+)' } }],
  install: [
    {
      item: 'certificate',
      source: 'certificate',
      write: [{ sendBlob: { source: 'certificate', expect: ok } }],
      readBack: { steps: [{ send: 'SHA', expect: { ok: '(?<sha>\\w*)' } }], digest: '${sha}', form: 'sha256-hex' },
    },
  ],
  possession: [{ send: 'SIGN ${challenge}', expect: { ok: '(?<signature>.+)' } }],
  selfTest: [{ send: 'TEST ${nonce}', expect: { ok: '(?<connected>yes|no)' } }],
  lock: [{ send: 'LOCK', expect: ok }],
};

/** Each key of a profile on a line of its own. */
const lint = (changes: object): string[] =>
  lintDeviceProfile(JSON.stringify({ ...good, ...changes }, null, 1)).findings.map(
    ({ line, level, problem }) => `${String(line)} ${level}: ${problem}`,
  );

const lineOf = (changes: object, text: string): number =>
  JSON.stringify({ ...good, ...changes }, null, 1)
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

describe('the linter of console profiles', () => {
  test('has nothing against a good one', () => {
    expect(lint({})).toEqual([]);
  });

  const echoOff = { echo: 'off' };
  const key = { item: 'k', source: 'key', write: [{ sendBlob: { source: 'k' } }], readBack: good.install[0]?.readBack };
  test.each<[string, object, string, RegExp]>([
    ['an unknown variable', { lock: [{ send: 'LOCK ${tga}', expect: ok }] }, '${tga}', /^unknown variable: \$\{tga\}/u],
    [
      'one that only one way sets',
      {
        lock: [
          { if: { value: '${tag}', equals: '7' }, then: [{ set: { a: '1' } }] },
          { send: 'L ${a}', expect: ok },
        ],
      },
      'L ${a}',
      /unknown variable: \$\{a\}/u,
    ],
    ['a variable of another section', { lock: [{ send: 'LOCK ${nonce}', expect: ok }] }, 'LOCK ${nonce}', /unknown variable/u],
    ['a broken reference', { lock: [{ send: 'LOCK ${tag', expect: ok }] }, 'LOCK ${tag', /no variable/u],
    ['expect without an error branch', { errors: [] }, '"expect"', /^expect without an error branch/u],
    [
      'a secret where echo is on',
      { open: [{ send: 'PIN ${pin}', expect: ok }] },
      'PIN ${pin}',
      /^a secret is sent where the unit repeats/u,
    ],
    [
      'what is made of a secret where echo is on',
      { lock: [{ set: { login: { of: 'u:${pin}', case: 'upper' } } }, { send: 'LOCK ${login}', expect: ok }] },
      '"send": "LOCK ${login}"',
      /^a secret is sent where the unit repeats/u,
    ],
    [
      'a secret before a blob where echo is on',
      { lock: [{ sendBlob: { source: 'certificate', before: 'PUT ${pin} ', expect: ok } }] },
      '"before": "PUT ${pin} "',
      /^a secret is sent where the unit repeats/u,
    ],
    [
      'a secret after a failure where echo is on',
      { lock: [{ onAbort: [{ send: 'OUT ${pin}' }] }, { send: 'LOCK', expect: ok }] },
      '"send": "OUT ${pin}"',
      /^a secret is sent where the unit repeats/u,
    ],
    ['a key where echo is on', { key: 'station', install: [key] }, '"source": "k"', /^a secret is sent where the unit repeats/u],
    ['a pattern that can blow up', { unsolicited: ['(a+)+'] }, '(a+)+', /can blow up/u],
    ['a pattern that is none', { lock: [{ send: 'LOCK', expect: { ok: '(' } }] }, '"ok": "("', /without its \)/u],
    ['a step that no run comes to', { lock: [{ fail: { failure: 'LOCKED' } }, { send: 'NEVER' }] }, '{', /no run comes here/u],
    [
      'a branch that no run comes to',
      { lock: [{ if: { value: 'a', equals: 'b' }, then: [{ send: 'NEVER' }] }] },
      '"then"',
      /always false/u,
    ],
    [
      'an unknown item',
      { install: [{ ...good.install[0], write: [{ sendBlob: { source: 'cert' } }] }] },
      '"source": "cert"',
      /^unknown item: cert/u,
    ],
    ['an item outside of install', { lock: [{ sendBlob: { source: 'certificate' } }] }, '"source": "certificate"', /in install only/u],
    [
      'an encoding that changes what is stored',
      { install: [{ ...good.install[0], write: [{ sendBlob: { source: 'certificate', encoding: 'der' } }] }] },
      '"encoding"',
      /the item is pem/u,
    ],
    ['a section without its result', { generateKey: [{ send: 'KEY', expect: ok }] }, '"generateKey"', /^generateKey must set csr/u],
    ['a key that nobody makes', { generateKey: undefined }, '{', /no generateKey/u],
    ['a wait that nothing ends', { lock: [{ send: 'L', expect: {} }] }, '"expect"', /nothing ends this wait/u],
    [
      'a chain in DER',
      { install: [{ ...good.install[0], source: 'certificate-chain', encoding: 'der' }] },
      '"encoding": "der"',
      /^a chain is lost in DER/u,
    ],
    ['an item that writes nothing', { install: [{ ...good.install[0], write: [echoOff] }] }, '"write"', /writes nothing/u],
    ['an unknown step', { lock: [{ sned: 'L' }] }, '"sned"', /^is not known here/u],
    ['an unknown key of a step', { lock: [{ send: 'L', expect: { ok: 'OK', timeout: 5 } }] }, '"timeout"', /^is not known here/u],
  ])('finds %s, with its line', (_, changes, text, problem) => {
    const found = lint(changes).filter((one) => one.includes('error: '));
    const [line, , ...words] = (
      found.find((one) => problem.test(one.replace(/^\d+ error: (?:[\w.]+: )?/u, ''))) ?? `nothing of ${found.join(' | ')}`
    ).split(' ');
    expect(words.join(' ').replace(/^[a-z][\w.]*\.\w+: /u, '')).toMatch(problem);
    // The last place with the text: some stand in the good profile as well.
    const lines = JSON.stringify({ ...good, ...changes }, null, 1).split('\n');
    expect(lines[Number(line) - 1]).toContain(text);
    expect(lineOf(changes, text)).toBeGreaterThan(0);
  });

  test('a secret may be sent where echo is off', () => {
    expect(lint({ open: [{ send: 'E0', expect: ok }, echoOff, { send: 'PIN ${pin}', expect: ok }] })).toEqual([]);
  });

  test('names what the verdict will lack', () => {
    const bare = { ...good.install[0], readBack: undefined };
    const found = lint({ install: [bare], possession: undefined, selfTest: undefined, lock: undefined }).join('\n');
    expect(found).toContain('warning: no read-back of certificate: the verdict names the gap');
    expect(found).toContain('warning: neither possession nor selfTest');
    expect(found).toContain('warning: no lock');
    expect(found).not.toContain('error');
  });
});

describe('every shipped profile', () => {
  const folder = 'resources/profiles/devices';
  const files = readdirSync(folder).filter((file) => !file.endsWith('.schema.json'));
  const linted = (file: string): ReturnType<typeof lintDeviceProfile> => lintDeviceProfile(readFileSync(`${folder}/${file}`, 'utf8'), file);

  test.each(files)('%s has no error', (file) => {
    expect(linted(file).findings.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('of a console cites the version of its manual', () => {
    const manuals = files.map((file) => linted(file).profile).flatMap((profile) => (profile?.driver === 'console' ? profile.manual : []));
    expect(manuals.length).toBeGreaterThan(0);
    for (const { version } of manuals) expect(version).toMatch(/\d/u);
  });
});
