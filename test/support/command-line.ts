import { find } from '../../src-main/cli/grammar/find.ts';
import { helpFor } from '../../src-main/cli/grammar/help.ts';
import { parse } from '../../src-main/cli/grammar/parse.ts';

/** Why these words behind `birthmark` are no command line; null when they are one. */
export function problemOfCommand(words: readonly string[]): string | null {
  if (words[0] === '--version') return null;
  try {
    const found = find(words);
    if (!('command' in found)) return null;
    if (found.rest.some((word) => word === '--help' || word === '-h')) return null;
    const values = parse(found.command, found.rest);
    return found.command.name !== 'help' || helpFor(values.words) !== null ? null : `no help for ${values.words.join(' ')}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
