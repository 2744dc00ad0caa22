import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands, nouns, plainCommands } from '../../../src-main/cli/grammar/table.ts';
import { exitCodes } from '../../../src-main/contract/index.ts';
import { problemOfCommand } from '../../support/command-line.ts';
import { partsOf, withReference } from '../../support/command-reference.ts';
import { commandsIn, namedIn, shellWords } from '../../support/printed-commands.ts';

const page = readFileSync('docs/cli.md', 'utf8');
const filesIn = (folder: string, name: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'));

test('docs/cli.md says of each command what the table says (written by: vitest run -u)', async () => {
  expect(partsOf(page).sort()).toEqual(['overview', ...[...plainCommands, ...nouns].map(({ name }) => name)].sort());
  await expect(withReference(page)).toMatchFileSnapshot('../../../docs/cli.md');
});

test('docs/cli.md has every exit code', () => {
  for (const [name, code] of Object.entries(exitCodes)) expect(page).toContain(`| ${String(code)} | ${name} |`);
});

const documents = ['README.md', ...['docs', 'resources', 'native'].flatMap((folder) => filesIn(folder, /\.md$/u))];
const sources = ['src-main', 'src-renderer', 'resources', 'scripts'].flatMap((folder) =>
  filesIn(folder, /\.(?:tsx?|mjs|sh|sample|json)$/u),
);

describe('every command that is printed is one', () => {
  test.each(documents)('%s', (path) => {
    const bad = commandsIn(readFileSync(path, 'utf8')).map(({ line, words }) => [
      line,
      words === null ? 'a quote is open' : problemOfCommand(words),
    ]);
    expect(bad.filter(([, problem]) => problem !== null)).toEqual([]);
  });

  test.each([...documents, ...sources])('%s, in passing', (path) => {
    const bad = namedIn(readFileSync(path, 'utf8')).filter((text) => {
      const [first = '', second = ''] = shellWords(text) ?? [];
      // What follows the command is often left out in passing: only that there is such a command is checked.
      return !commands.some(({ name }) => name === first || name === `${first} ${second}`) && first !== '--version';
    });
    expect(bad).toEqual([]);
  });
});

test('the documents print commands, and a wrong one is found', () => {
  expect(documents.flatMap((path) => commandsIn(readFileSync(path, 'utf8'))).length).toBeGreaterThan(100);
  const [wrong, right] = commandsIn('```\n$ birthmark crl --publish\n$ birthmark crl publish --pin-file pin > out   # so\n```');
  expect(problemOfCommand(wrong?.words ?? [])).not.toBeNull();
  expect(right?.words).toEqual(['crl', 'publish', '--pin-file', 'pin']);
});
