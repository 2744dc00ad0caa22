import type { Random } from '../random.ts';
import { mutateBytes } from './bytes.ts';

const strange = [
  '\0',
  '\uFEFF',
  '\r',
  '\n',
  '\r\n',
  '\t',
  '"',
  '""',
  "'",
  '\\',
  ',',
  ';',
  '{',
  '}',
  '[',
  ']',
  ':',
  '-----',
  '=',
  '\u202E',
  '💥',
  '\uD800',
  'null',
  '-1',
  '1e999',
  '__proto__',
];

/** Text changed by lines and words, with `words` of its own language put in. */
export const mutateText =
  (words: readonly string[]) =>
  (random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array => {
    if (random.chance(0.1)) return mutateBytes(random, input);
    let text = Buffer.from(input).toString('utf8');
    for (let changes = 1 + random.below(4); changes > 0; changes--) text = changed(random, text, words, others);
    return Buffer.from(text.slice(0, 200_000));
  };

function changed(random: Random, text: string, words: readonly string[], others: readonly Uint8Array[]): string {
  const lines = text.split('\n');
  const line = random.below(lines.length);
  const at = random.below(text.length + 1);
  const put = random.chance(0.5) ? random.pick(words) : random.pick(strange);
  switch (random.below(9)) {
    case 0:
      return lines.toSpliced(line, 1).join('\n');
    case 1:
      return lines.toSpliced(random.below(lines.length), 0, lines[line] ?? '').join('\n');
    case 2: {
      const foreign = Buffer.from(random.pick(others)).toString('utf8').split('\n');
      return lines.toSpliced(line, random.below(2), random.pick(foreign)).join('\n');
    }
    case 3:
      return text.slice(0, at) + put.repeat(random.chance(0.05) ? 5000 : 1 + random.below(3)) + text.slice(at);
    case 4:
      return text.slice(0, at) + text.slice(at + random.below(20));
    case 5:
      return text.replace(/\d+/u, String(random.pick([0, -1, 3651, 2 ** 31, 2 ** 53, 1e21])));
    case 6: {
      const all = text.match(/\w+/gu) ?? [''];
      return text.replace(random.pick(all), () => put);
    }
    case 7:
      return random.chance(0.5) ? text.replaceAll('\n', '\r\n') : text.replaceAll('\n', random.pick(['\r', ' ', '']));
    default:
      return text.slice(0, at) + put + text.slice(at);
  }
}
