import { randomInt } from 'node:crypto';
import { Failure, limits } from '../../contract/index.ts';

/** Digits and lower-case letters without i, l, o and u: nothing looks like something else, and nothing spells a word. 5 bits each. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const [groups, groupChars] = [6, 4] as const;

export interface Passphrase {
  readonly text: string;
  /** Of a generated one exactly; of one's own at most. */
  readonly bits: number;
  readonly generated: boolean;
}

/** 24 characters, 120 bits, in groups that can be read out. */
export function newPassphrase(): Passphrase {
  const group = (): string => Array.from({ length: groupChars }, () => alphabet[randomInt(alphabet.length)]).join('');
  const text = Array.from({ length: groups }, group).join('-');
  return { text, bits: groups * groupChars * Math.log2(alphabet.length), generated: true };
}

const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'passphrase', problem });

/** Rows and series that people type; backwards as well. */
const series = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'yxcvbnm', 'azertyuiop'];
const words = ['password', 'passphrase', 'passwort', 'secret', 'letmein', 'welcome', 'birthmark', 'changeme'];

/**
 * A passphrase of the operator's own. INVALID_INPUT says which rule it breaks, never what it is. Only what every program encodes alike
 * is let in: ZIP has no encoding of passwords at all, and PKCS#12 has UTF-16 in one place and bytes in another.
 */
export function checkPassphrase(text: string, device: string): Passphrase {
  const { min, max } = limits.passphraseChars;
  if (text.length < min || text.length > max) throw refused(`it must have ${String(min)} to ${String(max)} characters`);
  if (!/^[\x20-\x7e]*$/u.test(text)) throw refused('only letters, digits and signs of ASCII: programs do not agree on the others');
  if (text.trim() !== text) throw refused('it must not begin or end with a space, which gets lost on the way');
  const plain = text.toLowerCase().replace(/[^a-z0-9]/gu, '');
  const named = device
    .toLowerCase()
    .split('/')
    .map((part) => part.replace(/[^a-z0-9]/gu, ''));
  if (named.some((name) => name.length >= 3 && plain.includes(name)))
    throw refused('it must not contain the name of the device or its tenant');
  const left = words.reduce((rest, word) => rest.replaceAll(word, ''), plain);
  if (new Set(text).size < 8) throw refused('it uses too few different characters');
  if (left.length * 2 < plain.length) throw refused('it is made of a word that everybody tries first');
  if (isRepeated(text)) throw refused('it repeats itself');
  if (inSeries(plain) * 2 > plain.length) throw refused('it follows the keyboard, the alphabet or the numbers');
  return { text, bits: Math.floor(text.length * Math.log2(signs(text))), generated: false };
}

/** Is it one piece, again and again? */
function isRepeated(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length++)
    if (
      text
        .slice(0, length)
        .repeat(Math.ceil(text.length / length))
        .startsWith(text)
    )
      return true;
  return false;
}

/** Characters that only continue a series of four or more. */
function inSeries(text: string): number {
  const rows = series.flatMap((row) => [row, [...row].reverse().join('')]);
  let found = 0;
  for (let at = 0; at + 4 <= text.length;) {
    let length = 4;
    const fits = (): boolean => at + length <= text.length && rows.some((row) => row.includes(text.slice(at, at + length)));
    if (!fits()) {
      at++;
      continue;
    }
    while (fits()) length++;
    found += length - 1;
    at += length - 1;
  }
  return found;
}

/** How many signs it chooses from. */
function signs(text: string): number {
  const sizes: [RegExp, number][] = [
    [/[a-z]/u, 26],
    [/[A-Z]/u, 26],
    [/\d/u, 10],
    [/[^a-zA-Z0-9]/u, 33],
  ];
  return sizes.reduce((sum, [has, size]) => sum + (has.test(text) ? size : 0), 0);
}
