import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Failure, type FailureData } from '../../contract/index.ts';
import { Values } from '../values.ts';
import type { Argument, CommandEntry, Option } from './entry.ts';
import { didYouMean, nearest } from './find.ts';
import { optionsOf } from './options.ts';

type Given = Map<string, string | true | string[]>;

/** What was typed after a command’s name, checked: INVALID_INPUT names what cannot be. */
export function parse(entry: CommandEntry, args: readonly string[]): Values {
  const options = optionsOf(entry);
  const damaged = args.find((arg) => arg.includes('\uFFFD'));
  if (damaged !== undefined) throw refused(entry.name, `“${damaged}” is not UTF-8`);
  const { tokens } = parseArgs({ args: [...args], options: configOf(options), strict: false, allowPositionals: true, tokens: true });
  const given: Given = new Map();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option') take(given, options, token);
  }
  checkWords(entry, words);
  const absent = Object.entries(options).filter(([name, { required }]) => required === true && !given.has(name));
  if (absent.length > 0) throw refused(entry.name, `${absent.map(([name]) => `--${name}`).join(' and ')} must be given`);
  checkStandardStreams(entry, options, given, words);
  return new Values(given, canonicalWords(entry.argument, words), new Set(Object.keys(options)));
}

const configOf = (options: Readonly<Record<string, Option>>): ParseArgsOptionsConfig =>
  Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short === undefined ? {} : { short }) },
    ]),
  );

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function take(given: Given, options: Readonly<Record<string, Option>>, { name, rawName, value, inlineValue }: OptionToken): void {
  const option = options[name];
  if (option === undefined) {
    const meant = nearest(name, Object.keys(options));
    throw refused(rawName, `there is no such option${didYouMean(meant === null ? null : `--${meant}`)}`);
  }
  if (option.value === undefined) {
    if (value !== undefined) throw refused(rawName, 'takes no value');
    given.set(name, true);
    return;
  }
  // What looks like an option is one: a value like that is written behind “=”.
  if (value === undefined || (inlineValue !== true && value.startsWith('-') && value !== '-'))
    throw refused(rawName, `needs ${option.value} behind it`);
  if (value === '') throw refused(rawName, `needs ${option.value} behind it, not an empty text`);
  const known = canonical(rawName, option.choices, value);
  if (option.many === true) given.set(name, [...((given.get(name) as string[] | undefined) ?? []), known]);
  else if (given.has(name)) throw refused(rawName, 'may be given once only');
  else given.set(name, known);
}

function canonical(field: string, choices: readonly string[] | undefined, value: string): string {
  if (choices === undefined) return value;
  const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  const meant = nearest(
    value,
    choices.map((choice) => choice.toLowerCase()),
  );
  const written = choices.find((choice) => choice.toLowerCase() === meant) ?? null;
  throw refused(field, `“${value}” is not one of ${choices.join(', ')}${didYouMean(written)}`);
}

const canonicalWords = (argument: Argument | undefined, words: readonly string[]): string[] =>
  argument === undefined ? [] : words.map((word) => canonical(argument.word, argument.choices, word));

function checkWords({ name, argument }: CommandEntry, words: readonly string[]): void {
  if (words.includes('')) throw refused(name, 'an empty text stands beside the options');
  if (argument === undefined) {
    if (words.length > 0) throw refused(name, `takes nothing beside its options, not “${words[0] ?? ''}”`);
    return;
  }
  if (argument.required === true && words.length === 0) throw refused(name, `needs ${argument.word}`);
  if (argument.many !== true && words.length > 1) throw refused(name, `takes one ${argument.word}, not “${words[1] ?? ''}” too`);
}

/** Standard input can be read for one thing, and standard output written with one. */
function checkStandardStreams(
  entry: CommandEntry,
  options: Readonly<Record<string, Option>>,
  given: Given,
  words: readonly string[],
): void {
  const uses = (kind: Option['file']): string[] => {
    const named = Object.entries(options).filter(([, { file }]) => file === kind);
    const fromOptions = named.flatMap(([name]) => [given.get(name) ?? []].flat().flatMap((value) => (value === '-' ? `--${name}` : [])));
    const fromWords = entry.argument?.file === kind ? words.filter((word) => word === '-').map(() => entry.argument?.word ?? '') : [];
    return [...fromOptions, ...fromWords];
  };
  const [reads, writes] = [uses('read'), uses('write')];
  if (reads.length > 1) throw refused(reads[1] ?? '', `standard input is read for ${reads[0] ?? ''} already`);
  if (writes.length > 1) throw refused(writes[1] ?? '', `standard output is written with ${writes[0] ?? ''} already`);
  if (writes.length > 0 && given.has('json')) throw refused(writes[0] ?? '', 'standard output is for the JSON already');
}

const refused = (field: string, problem: string): Failure => new Failure('INVALID_INPUT', { field, problem });

/** Fields of the contract that a person gives under another name. */
const optionOf: Readonly<Record<string, string>> = {
  id: 'order',
  idPrefix: 'prefix',
  tokenLabel: 'token',
  slots: 'slot',
  ips: 'ip',
  hardwareId: 'hardware',
  validityDays: 'days',
  password: 'password-file',
};
/** Those that stand beside the options. */
const wordFields = new Set(['id', 'name', 'device', 'devices', 'serial', 'tenant', 'rule', 'text', 'at', 'host', 'files', 'file']);

/** INVALID_INPUT names a field of the contract; whoever typed a command line knows the option. */
export function withOptionNames(entry: CommandEntry, failure: FailureData): FailureData {
  if (failure.code !== 'INVALID_INPUT') return failure;
  const field = String(failure.params['field'] ?? '').split('.')[0] ?? '';
  const option = optionOf[field] ?? field.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
  if (optionsOf(entry)[option] !== undefined) return { ...failure, params: { ...failure.params, field: `--${option}` } };
  if (entry.argument !== undefined && wordFields.has(field))
    return { ...failure, params: { ...failure.params, field: entry.argument.word } };
  return failure;
}
