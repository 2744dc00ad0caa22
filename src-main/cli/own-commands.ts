import { exitCodes, Failure } from '../contract/index.ts';
import { completionFor } from './grammar/completion.ts';
import type { Run } from './grammar/entry.ts';
import { find } from './grammar/find.ts';
import { helpFor } from './grammar/help.ts';
import { manualPage } from './grammar/manual.ts';

/** The commands about the table itself, which a command that the table loads cannot know. */
export function ownCommand(name: string): Run {
  const textOf = texts[name];
  if (textOf === undefined) throw new Error(`nothing runs ${name}`);
  return (context) => {
    const text = textOf(context.values.words);
    context.output.result({ text }, () => text.trimEnd());
    return Promise.resolve(exitCodes.OK);
  };
}

const texts: Readonly<Record<string, (words: readonly string[]) => string>> = {
  help: (words) => {
    const text = helpFor(words);
    if (text !== null) return text;
    // What does not exist is refused there, with what was probably meant.
    find(words);
    throw new Failure('INVALID_INPUT', { field: 'help', problem: `there is no command “${words.join(' ')}”` });
  },
  completion: ([shell = '']) => completionFor(shell),
  man: manualPage,
};
