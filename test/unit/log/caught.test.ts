import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { CaughtOutput } from '../../../src-main/log/caught.ts';

const caught = (...chunks: readonly string[]): string[] => {
  const texts: string[] = [];
  const output = new CaughtOutput((text) => void texts.push(text));
  for (const chunk of chunks) output.add(chunk);
  output.end();
  return texts;
};

test('lines are told whole, those that came together as one text, and the rest at the end', () => {
  expect(caught('Error: a\n    at b\n', 'one', ' and a half\ntwo', '\n\n', 'cut off')).toEqual([
    'Error: a\n    at b',
    'one and a half',
    'two',
    'cut off',
  ]);
});

test('a private key is waited for to its end, however it comes', () => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(caught(...`before\n${pem}`.split(/(?<=\n)/u), 'after\n')).toEqual(['before', pem.trimEnd(), 'after']);
});

test('what never ends is told in pieces', () => {
  const texts = caught(...Array.from({ length: 5 }, () => 'x'.repeat(30_000)));
  expect(texts.map((text) => text.length)).toEqual([90_000, 60_000]);
});
