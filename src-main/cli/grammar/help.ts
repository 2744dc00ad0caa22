import { exitCodes } from '../../contract/index.ts';
import type { Argument, CommandEntry, Noun, Option } from './entry.ts';
import { verbOf } from './find.ts';
import { optionsOf } from './options.ts';
import { commands, nouns, plainCommands } from './table.ts';

const wordOf = ({ word, many, required }: Argument): string => {
  const shown = `${word}${many === true ? '…' : ''}`;
  return required === true ? shown : `[${shown}]`;
};

/** `birthmark NOUN VERB WORD --required VALUE [OPTIONS]` */
export function usageOf(entry: CommandEntry): string {
  const required = Object.entries(entry.options ?? {}).filter(([, option]) => option.required === true);
  return [
    'birthmark',
    entry.name,
    ...(entry.argument === undefined ? [] : [wordOf(entry.argument)]),
    ...required.map(([name, { value = '' }]) => `--${name} ${value}`),
    '[OPTIONS]',
  ].join(' ');
}

/** `-o, --out FILE` */
export const optionSyntax = (name: string, { value, short }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

/** What it is for, with the values that it may have and how often it may be given. */
export function optionHelp({ help, choices, many, required, file }: Omit<Option, 'short' | 'value'>): string {
  const stream = file === 'read' ? '- is standard input' : file === 'write' ? '- is standard output' : null;
  const notes = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(stream === null ? [] : [stream]),
    ...(many === true ? ['may be repeated'] : []),
    ...(required === true ? ['required'] : []),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
}

/** Two columns; what is on the left is longer than the column now and then. */
function columns(rows: readonly (readonly [left: string, right: string])[], widest = 34): string {
  const width = Math.min(widest, Math.max(...rows.map(([left]) => left.length))) + 4;
  return rows
    .map(([left, right]) => (left.length + 4 > width ? `  ${left}\n${' '.repeat(width)}${right}` : `${`  ${left}`.padEnd(width)}${right}`))
    .join('\n');
}

export function overview(): string {
  const codes = Object.entries(exitCodes).map(([name, code]) => `${String(code)} ${name}`);
  return `birthmark — provisioning station

Usage: birthmark COMMAND [OPTIONS]

${columns(plainCommands.map(({ name, summary }) => [name, summary]))}

What can be done with each of these, birthmark help NOUN tells:

${columns(nouns.map(({ name, summary }) => [name, summary]))}

birthmark help COMMAND tells more, birthmark --version which one this is. Exit codes: ${codes.join(', ')}; 130 and 143 after Ctrl-C and SIGTERM.`;
}

export const nounHelp = ({ name, summary, commands: its }: Noun): string =>
  `birthmark ${name} — ${summary}

${columns(its.map((command) => [`${name} ${verbOf(command)}`, command.summary]))}

birthmark help ${name} VERB tells more.`;

export function commandHelp(entry: CommandEntry): string {
  const argument = entry.argument === undefined ? [] : [[wordOf(entry.argument), argumentHelp(entry.argument)] as const];
  const options = Object.entries(optionsOf(entry)).map(([name, option]) => [optionSyntax(name, option), optionHelp(option)] as const);
  const examples = entry.examples.map(({ line, about }) => `  birthmark ${line}${about === undefined ? '' : `\n      ${about}`}`);
  return `birthmark ${entry.name} — ${entry.summary}

Usage: ${usageOf(entry)}

${columns([...argument, ...options])}

Examples:
${examples.join('\n')}

Result with --json: ${entry.output}`;
}

const argumentHelp = ({ required: _, ...argument }: Argument): string => optionHelp(argument);

/** Of a noun, of a command, or of all; null where there is no such thing. */
export function helpFor(words: readonly string[]): string | null {
  if (words.length === 0) return overview();
  const name = words.join(' ');
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return commandHelp(command);
  const noun = nouns.find((one) => one.name === name);
  return noun === undefined ? null : nounHelp(noun);
}
