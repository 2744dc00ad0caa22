import { Failure } from '../../contract/index.ts';
import type { CommandEntry } from './entry.ts';
import { commands, nouns } from './table.ts';

/** How many letters must be changed, added, left out or swapped with the next to make one word of the other. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      rows[i]?.push(swapped ? Math.min(cost, at(i - 2, j - 2) + 1) : cost);
    }
  }
  return at(a.length, b.length);
}

/** The known word that was probably meant; null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const typed = word.toLowerCase();
  const most = Math.max(1, Math.floor(typed.length / 3));
  const near = known
    .map((one) => ({ one, far: one.startsWith(typed) && typed.length > 2 ? 1 : distance(typed, one) }))
    .filter(({ far }) => far <= most)
    .sort((x, y) => x.far - y.far);
  return near[0]?.one ?? null;
}

export const didYouMean = (meant: string | null): string => (meant === null ? '' : `; did you mean ${meant}?`);

export const verbOf = ({ name }: CommandEntry): string => name.split(' ')[1] ?? '';

/** What was asked for: a command with the rest of its words, or help about all or about a noun. */
export type Found =
  { readonly command: CommandEntry; readonly rest: readonly string[] } | { readonly helpFor: string | null; readonly asked: boolean };

const asksForHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

/** INVALID_INPUT with what was probably meant, where there is no such command. */
export function find(words: readonly string[]): Found {
  const [first, second] = words;
  if (first === undefined || asksForHelp(first)) return { helpFor: null, asked: first !== undefined };
  const plain = commands.find(({ name }) => name === first);
  if (plain !== undefined) return { command: plain, rest: words.slice(1) };
  const noun = nouns.find(({ name }) => name === first);
  if (noun === undefined) throw unknown(first, didYouMean(meantFor(first)), 'birthmark help');
  if (second === undefined || asksForHelp(second)) return { helpFor: noun.name, asked: second !== undefined };
  const command = noun.commands.find(({ name }) => name === `${first} ${second}`);
  if (command !== undefined) return { command, rest: words.slice(2) };
  const meant = nearest(second, noun.commands.map(verbOf));
  throw unknown(`${first} ${second}`, didYouMean(meant === null ? null : `${first} ${meant}`), `birthmark help ${first}`);
}

/** A noun or a plain word that is near, else the commands with this verb, or with words like it. */
function meantFor(word: string): string | null {
  const first = [...commands.filter(({ name }) => !name.includes(' ')), ...nouns].map(({ name }) => name);
  const near = nearest(word, first);
  if (near !== null) return near;
  const exact = commands.filter((command) => verbOf(command) === word);
  const like = exact.length > 0 ? exact : commands.filter((command) => nearest(word, [verbOf(command)]) !== null);
  const withVerb = like.map(({ name }) => name);
  return withVerb.length === 0 ? null : withVerb.slice(0, 3).join(' or ');
}

const unknown = (words: string, meant: string, help: string): Failure =>
  new Failure('INVALID_INPUT', {
    field: 'command',
    problem: `there is no command “${words}”${meant === '' ? `; ${help} names them` : meant}`,
  });
