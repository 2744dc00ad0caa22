import type { CommandEntry } from '../../src-main/cli/grammar/entry.ts';
import { optionHelp, optionSyntax, usageOf } from '../../src-main/cli/grammar/help.ts';
import { nouns, plainCommands } from '../../src-main/cli/grammar/table.ts';

/** Inside of a table a bar ends the cell; what looks like an element of HTML is none. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{', '\\{');

function reference(entry: CommandEntry): string {
  const { argument, options = {} } = entry;
  const rows = [
    ...(argument === undefined ? [] : [[argument.word, optionHelp(argument)] as const]),
    ...Object.entries(options).map(([name, option]) => [optionSyntax(name, option), optionHelp(option)] as const),
  ];
  const also = [...(entry.rows === true ? ['`--format`, `--limit`'] : []), ...(entry.pin === true ? ['`--pin-file`'] : [])];
  const table = rows.length === 0 ? [] : ['', '| | |', '|---|---|', ...rows.map(([left, right]) => `| \`${left}\` | ${cell(right)} |`)];
  const examples = entry.examples.map(({ line, about }) => `birthmark ${line}${about === undefined ? '' : `    # ${about}`}`);
  return [
    ...(entry.name.includes(' ') ? [`### ${entry.name}`, ''] : []),
    `${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`,
    '',
    '```',
    usageOf(entry),
    ...examples,
    '```',
    ...table,
    '',
    `${also.length === 0 ? '' : `Also ${also.join(', ')}. `}Result: \`${entry.output}\``,
  ].join('\n');
}

const link = (name: string): string => `[\`${name}\`](#${name.replaceAll(' ', '-')})`;

function overview(): string {
  const all = [...plainCommands, ...nouns.flatMap(({ commands }) => commands)];
  const rows = all.map((entry) => `| ${link(entry.name)} | ${cell(entry.summary)} | ${entry.pin === true ? 'yes' : 'no'} |`);
  return ['| command | what it does | PIN |', '|---|---|---|', ...rows].join('\n');
}

/** What stands in docs/cli.md between `<!-- generated: NAME -->` and `<!-- end -->`. */
function generated(name: string): string {
  if (name === 'overview') return overview();
  const entries = [
    ...plainCommands.filter((entry) => entry.name === name),
    ...nouns.filter((noun) => noun.name === name).flatMap((noun) => noun.commands),
  ];
  if (entries.length === 0) throw new Error(`docs/cli.md: there is no command ${name}`);
  return entries.map(reference).join('\n\n');
}

/** The page with what is generated as it is to be. */
export const withReference = (page: string): string =>
  page.replace(
    /(<!-- generated: ([a-z -]+) -->\n)[\s\S]*?(<!-- end -->)/gu,
    (_, begin: string, name: string, end: string) => `${begin}\n${generated(name)}\n\n${end}`,
  );

/** Every word and noun that the page has a part for. */
export const partsOf = (page: string): string[] => [...page.matchAll(/<!-- generated: ([a-z -]+) -->/gu)].map(([, name = '']) => name);
