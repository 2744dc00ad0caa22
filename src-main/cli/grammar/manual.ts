import { exitCodes } from '../../contract/index.ts';
import { version } from '../../contract/version.ts';
import type { CommandEntry } from './entry.ts';
import { optionHelp, optionSyntax, usageOf } from './help.ts';
import { optionsOf } from './options.ts';
import { nouns, plainCommands } from './table.ts';

/** A backslash, a leading dot or quote, and a hyphen mean something to troff. */
const troff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/u, '\\&$1');

/** birthmark(1), from the table of commands, for man(7). */
export function manualPage(): string {
  const codes = Object.entries(exitCodes).flatMap(([name, code]) => ['.TP', `.B ${String(code)}`, name]);
  return `${[
    `.TH BIRTHMARK 1 "" "birthmark ${version}" "User Commands"`,
    '.SH NAME',
    troff('birthmark - provisioning station for factory lines that make IoT devices').replace('birthmark \\-', 'birthmark \\-'),
    '.SH SYNOPSIS',
    '.B birthmark',
    '.I COMMAND',
    '[\\fIOPTIONS\\fR]',
    '.SH DESCRIPTION',
    'The station without its window: the same services on the same data folder.',
    troff('The result goes to standard output, everything else to standard error.'),
    troff('A file that is read or written may be “-”: standard input or standard output.'),
    troff('With --json standard output is one object with “verdict”, “result” and “error”, also when the command fails.'),
    '.SH COMMANDS',
    ...plainCommands.flatMap(commandLines),
    ...nouns.flatMap(({ name, summary, commands }) => [
      `.SS ${name.toUpperCase()}`,
      troff(`${summary}.`),
      ...commands.flatMap(commandLines),
    ]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B BIRTHMARK_DATA',
    'Data folder of the station, where no --data names one.'.replace('--', '\\-\\-'),
    '.TP',
    '.B NO_COLOR',
    'No colours on a terminal either.',
    '.SH EXIT STATUS',
    ...codes,
  ].join('\n')}\n`;
}

function commandLines(entry: CommandEntry): string[] {
  return [
    '.TP',
    `.B ${troff(usageOf(entry))}`,
    troff(`${entry.summary}.`),
    ...(entry.argument === undefined
      ? []
      : ['.RS', '.TP', `.I ${troff(entry.argument.word)}`, troff(optionHelp({ ...entry.argument })), '.RE']),
    '.RS',
    ...Object.entries(optionsOf(entry)).flatMap(([name, option]) => [
      '.TP',
      `.B ${troff(optionSyntax(name, option))}`,
      troff(optionHelp(option)),
    ]),
    ...entry.examples.flatMap(({ line, about }) => [
      '.PP',
      ...(about === undefined ? [] : [troff(`Example, ${about}:`)]),
      `.EX`,
      troff(`birthmark ${line}`),
      '.EE',
    ]),
    '.RE',
  ];
}
