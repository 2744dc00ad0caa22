import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { helpOf } from '../../../src-main/cli/command.ts';
import { commands } from '../../../src-main/cli/commands/index.ts';
import { exitCodes } from '../../../src-main/contract/index.ts';

const text = readFileSync('docs/cli.md', 'utf8');

test('docs/cli.md has every command with an example, and every exit code', () => {
  for (const { name } of commands) expect(text).toMatch(new RegExp(`^## .*\\b${name}\\b`, 'mu'));
  for (const { name } of commands.filter((command) => command.name !== 'devices')) expect(text).toContain(`$ birthmark ${name} `);
  for (const [name, code] of Object.entries(exitCodes)) expect(text).toContain(`| ${String(code)} | ${name} |`);
});

test('docs/cli.md names no option that does not exist', () => {
  const known = new Set(commands.flatMap((command) => [...helpOf(command).matchAll(/^ {2}(--[a-z-]+)/gmu)].map((match) => match[1])));
  const used = text
    .split('\n')
    .filter((line) => !/^ *(?:openssl|curl) /u.test(line))
    .flatMap((line) => [...line.matchAll(/(?<![\w-])--[a-z][a-z-]*/gu)].map((match) => match[0]));
  expect(used.length).toBeGreaterThan(20);
  expect(used.filter((option) => !known.has(option) && option !== '--version')).toEqual([]);
});

test('the help of a command keeps options and words apart', () => {
  for (const command of commands)
    for (const line of helpOf(command).split('\n').slice(2).filter(Boolean))
      expect(line).toMatch(/^ {2}(?:--)?[a-z0-9-]+(?: \S+)? {2,}\S/u);
});
