import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionFor } from '../../../src-main/cli/grammar/completion.ts';
import { manualPage } from '../../../src-main/cli/grammar/manual.ts';
import { commands } from '../../../src-main/cli/grammar/table.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-completion-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string): string => join(dir, name);

beforeAll(() => {
  writeFileSync(file('birthmark.bash'), completionFor('bash'));
  writeFileSync(file('_birthmark'), completionFor('zsh'));
  writeFileSync(file('birthmark.fish'), completionFor('fish'));
  writeFileSync(file('birthmark.1'), manualPage());
  writeFileSync(file('list.csv'), '');
});

/** What bash offers after these words; the last one is what has been typed of the next. */
function bash(...words: string[]): string[] {
  const script = `. "$1"; shift; COMP_WORDS=(birthmark "$@"); COMP_CWORD=$#; _birthmark; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', script, 'bash', file('birthmark.bash'), ...words], { cwd: dir, encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

/** The same of fish, which describes what it offers behind a tab. */
function fish(line: string): string[] {
  const out = execFileSync('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file('birthmark.fish'), line], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir },
  });
  return out
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => one.split('\t')[0] ?? '');
}

/** zsh's own completion at work on a terminal, after Tab was typed twice: what it has written when it shows `expected`. It waits for that. */
function zsh(line: string, expected: string): string {
  const script = `
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell "unsetopt zle_bracketed_paste; PROMPT='> '; fpath=(${dir} \\$fpath); autoload -U compinit; compinit -u -d ${file('zcompdump')}; LISTMAX=1000; echo rea''dy"
zpty -r -m shell seen '*ready*'
zpty -w -n shell "$1"$'\\t\\t'
zpty -r -m shell shown "*$2*"
zpty -d shell
print -r -- "$shown"`;
  const env = { ...process.env, TERM: 'dumb', COLUMNS: '300' };
  return execFileSync('zsh', ['-f', '-c', script, 'zsh', line, expected], { cwd: dir, encoding: 'utf8', env, timeout: 60_000 });
}

describe('bash', () => {
  test('completes nouns, verbs, options and their values', () => {
    expect(bash('cert')).toEqual(['certificates']);
    expect(bash('certificates', '')).toEqual(['list', 'show', 'expiring', 'revoke', 'issue-server', 'export']);
    expect(bash('certificates', 'revoke', '--is')).toEqual(['--issued-from', '--issued-to']);
    expect(bash('certificates', 'revoke', '--reason', 'key')).toEqual(['keyCompromise']);
    expect(bash('certificates', 'revoke', '-r', 'key')).toEqual(['keyCompromise']);
    expect(bash('completion', 'f')).toEqual(['fish']);
    expect(bash('help', 'dev')).toEqual(['devices']);
  });

  test('offers files only where a file is wanted', () => {
    expect(bash('certificates', 'revoke', '--csv', 'li')).toEqual(['list.csv']);
    expect(bash('certificates', 'revoke', '--note', 'li')).toEqual([]);
    expect(bash('crl', 'show', 'li')).toEqual(['list.csv']);
  });
});

describe('fish', () => {
  test('completes nouns, verbs, options and their values', () => {
    expect(fish('birthmark cert')).toEqual(['certificates']);
    expect(fish('birthmark certificates r')).toEqual(['revoke']);
    expect(fish('birthmark certificates revoke --issued-')).toEqual(['--issued-from', '--issued-to']);
    expect(fish('birthmark certificates revoke --reason key')).toEqual(['keyCompromise']);
    expect(fish('birthmark certificates revoke --csv li')).toEqual(['list.csv']);
  });
});

describe('zsh', () => {
  test('reads it, and completes', () => {
    expect(zsh('birthmark certificates revoke --issued-', 'and before this time')).toContain('--issued-from');
    expect(zsh('birthmark bund', 'bundles')).toContain('bundles');
    expect(zsh('birthmark certificates ex', 'write root.pem')).toContain('expiring');
  });
});

test('the manual page has every command, and troff has nothing to say against it', () => {
  const checked = spawnSync('groff', ['-man', '-ww', '-z', '-K', 'utf8', file('birthmark.1')], { encoding: 'utf8' });
  expect(checked.stderr).toBe('');
  const shown = execFileSync('groff', ['-man', '-Tutf8', '-K', 'utf8', '-P-cbou', file('birthmark.1')], { encoding: 'utf8' }).replace(
    /\s+/gu,
    ' ',
  );
  for (const { name } of commands) expect(shown).toContain(`birthmark ${name}`);
  expect(shown).toContain('--issued-from TIME all issued from this time on');
});
