import type { CommandEntry } from './entry.ts';
import { verbOf } from './find.ts';
import { optionsOf } from './options.ts';
import { commands, nouns, plainCommands } from './table.ts';

/** What a shell needs to complete commands, options and the few values that some have. */
export function completionFor(shell: string): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
    default:
      throw new Error(`no completion for ${shell}`);
  }
}

const firstWords = [...plainCommands, ...nouns];

/** Words that may follow: the options, and the values of an argument that has only a few. */
const wordsAfter = (entry: CommandEntry): string[] => [
  ...(entry.argument?.choices ?? []),
  ...(entry.name === 'help' ? firstWords.map(({ name }) => name) : []),
  ...Object.keys(optionsOf(entry)).map((name) => `--${name}`),
];

const takesFile = (entry: CommandEntry): boolean => entry.argument?.file !== undefined;

/** `command words` and `--option` of it, each with the values that it may have. */
function bash(): string {
  const verbs = nouns.map(({ name, commands: its }) => `    ${name}) words='${its.map(verbOf).join(' ')}' ;;`);
  const after = commands.map(
    (entry) => `    '${entry.name}') words='${wordsAfter(entry).join(' ')}'${takesFile(entry) ? ' files=1' : ''} ;;`,
  );
  const values = commands.flatMap((entry) =>
    Object.entries(optionsOf(entry)).flatMap(([name, { value, short, choices, file }]) => {
      if (value === undefined) return [];
      const forms = [`'${entry.name} --${name}'`, ...(short === undefined ? [] : [`'${entry.name} -${short}'`])].join(' | ');
      return [`    ${forms}) words='${(choices ?? []).join(' ')}' files=${file === undefined ? '' : '1'} value=1 ;;`];
    }),
  );
  return `# Completion of birthmark for bash, made by: birthmark completion bash
_birthmark() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words='' files='' value='' command
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '${[...firstWords.map(({ name }) => name), '--help', '--version'].join(' ')}' -- "$current"))
    return
  fi
  command=\${COMP_WORDS[1]}
  case $command in
${verbs.join('\n')}
  esac
  if [[ -n $words ]]; then
    if (( COMP_CWORD == 2 )); then
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return
    fi
    command="$command \${COMP_WORDS[2]}" words=''
  fi
  case "$command $before" in
${values.join('\n')}
  esac
  if [[ -z $value ]]; then
    case $command in
${after.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files && $current != -* ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _birthmark birthmark
`;
}

/** Inside of single quotes; `:` parts a word from what it is for. */
const zshText = (text: string): string =>
  text.replaceAll("'", "'\\''").replaceAll(':', '\\:').replaceAll('[', '\\[').replaceAll(']', '\\]');
const described = (words: readonly { readonly name: string; readonly summary: string }[]): string =>
  words.map(({ name, summary }) => `'${zshText(name)}:${zshText(summary)}'`).join(' ');

function zshArguments(entry: CommandEntry): string {
  const options = Object.entries(optionsOf(entry)).flatMap(([name, { value, short, choices, file, help, many }]) => {
    const action =
      choices === undefined ? (file === undefined ? ' ' : file === 'folder' ? '_files -/' : '_files') : `(${choices.join(' ')})`;
    const behind = value === undefined ? '' : `:${zshText(value)}:${action}`;
    const forms = short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
    return forms.map((form) => `'${many === true ? '*' : ''}${form}[${zshText(help)}]${behind}'`);
  });
  const { argument } = entry;
  if (argument === undefined) return options.join(' ');
  const action =
    argument.choices !== undefined
      ? `(${argument.choices.join(' ')})`
      : entry.name === 'help'
        ? `(${firstWords.map(({ name }) => name).join(' ')})`
        : argument.file === undefined
          ? ' '
          : '_files';
  return [...options, `'*:${zshText(argument.word)}:${action}'`].join(' ');
}

function zsh(): string {
  const ofNoun = nouns.map(({ name, commands: its }) => {
    const verbs = its.map((entry) => `        ${verbOf(entry)}) _arguments ${zshArguments(entry)} ;;`);
    const names = described(its.map((entry) => ({ name: verbOf(entry), summary: entry.summary })));
    return `    ${name})
      if (( CURRENT == 2 )); then
        local -a verbs=(${names})
        _describe 'what to do' verbs
        return
      fi
      shift words; (( CURRENT-- ))
      case $words[1] in
${verbs.join('\n')}
      esac ;;`;
  });
  const plain = plainCommands.map((entry) => `    ${entry.name}) _arguments ${zshArguments(entry)} ;;`);
  return `#compdef birthmark
# Completion of birthmark for zsh, made by: birthmark completion zsh
_birthmark() {
  if (( CURRENT == 2 )); then
    local -a commands=(${described(firstWords)})
    _describe 'command' commands
    return
  fi
  shift words; (( CURRENT-- ))
  case $words[1] in
${[...plain, ...ofNoun].join('\n')}
  esac
}
if [[ $funcstack[1] == _birthmark ]]; then _birthmark "$@"; else compdef _birthmark birthmark; fi
`;
}

const fishText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishOptions(entry: CommandEntry, condition: string): string[] {
  return Object.entries(optionsOf(entry)).map(([name, { value, short, choices, file, help }]) => {
    const behind =
      value === undefined
        ? ''
        : choices === undefined
          ? ` -r${file === undefined ? ' -f' : ' -F'}`
          : ` -x -a ${fishText(choices.join(' '))}`;
    return `complete -c birthmark -n ${fishText(condition)}${short === undefined ? '' : ` -s ${short}`} -l ${name}${behind} -d ${fishText(help)}`;
  });
}

function fishWords(entry: CommandEntry, condition: string): string[] {
  const words = entry.name === 'help' ? firstWords.map(({ name }) => name) : (entry.argument?.choices ?? []);
  return [
    ...(words.length === 0 ? [] : [`complete -c birthmark -n ${fishText(condition)} -a ${fishText(words.join(' '))}`]),
    ...(takesFile(entry) ? [`complete -c birthmark -n ${fishText(condition)} -F`] : []),
  ];
}

function fish(): string {
  const lines = [
    '# Completion of birthmark for fish, made by: birthmark completion fish',
    'complete -c birthmark -f',
    ...firstWords.map(({ name, summary }) => `complete -c birthmark -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`),
  ];
  for (const entry of plainCommands) {
    const here = `__fish_seen_subcommand_from ${entry.name}`;
    lines.push(...fishWords(entry, here), ...fishOptions(entry, here));
  }
  for (const { name, commands: its } of nouns) {
    const verbs = its.map(verbOf).join(' ');
    const noVerb = `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${verbs}`;
    for (const entry of its) {
      lines.push(`complete -c birthmark -n ${fishText(noVerb)} -a ${verbOf(entry)} -d ${fishText(entry.summary)}`);
      const here = `__fish_seen_subcommand_from ${name}; and __fish_seen_subcommand_from ${verbOf(entry)}`;
      lines.push(...fishWords(entry, here), ...fishOptions(entry, here));
    }
  }
  return `${lines.join('\n')}\n`;
}
