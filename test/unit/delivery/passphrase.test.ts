import { expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { checkPassphrase, newPassphrase } from '../../../src-main/station/delivery/passphrase.ts';

const device = 'acme/S1-000131';
const problemOf = (text: string): unknown => {
  try {
    checkPassphrase(text, device);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.params['problem'];
    throw thrown;
  }
  return null;
};

test('a generated one has 120 bits, can be read out, and passes its own rules', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const { text, bits, generated } = newPassphrase();
    expect(text).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/u);
    expect({ bits, generated }).toEqual({ bits: 120, generated: true });
    expect(problemOf(text)).toBeNull();
    seen.add(text);
  }
  expect(seen.size).toBe(200);
});

test.each([
  ['short', 'fifteen chars..', /16 to 128/u],
  ['long', 'aB3$'.repeat(33), /16 to 128/u],
  ['with an umlaut, that PKCS#12 and ZIP encode in different ways', 'Grüße aus der Werkstatt 7', /ASCII/u],
  ['with a character outside the Basic Multilingual Plane', 'correct horse battery 🐎', /ASCII/u],
  ['with a line end', 'correct horse\nbattery staple', /ASCII/u],
  ['with a space at its end', 'correct horse battery ', /space/u],
  ['with the name of the device', 'xK-s1 000131-qv7RzWm', /name of the device/u],
  ['with the tenant', 'ACME tools 4 ever and ever', /name of the device/u],
  ['of one character', 'aaaaaaaaaaaaaaaaaaaa', /too few/u],
  ['of one piece', 'Tr0ub4dor&3Tr0ub4dor&3', /repeats/u],
  ['of one piece and a bit', 'k7QzV2mXk7QzV2mXk7Q', /repeats/u],
  ['along the keyboard', 'qwertyuiopasdfghjkl', /keyboard/u],
  ['along the numbers', '0123456789012345 67', /keyboard|repeats/u],
  ['along the alphabet, backwards', 'zyxwvutsrqponmlkjihg', /keyboard/u],
  ['of a word that everybody tries', 'Passphrase-Secret-99', /tries first/u],
])('one that is %s is refused, and the refusal does not repeat it', (_, text, problem) => {
  expect(problemOf(text)).toMatch(problem);
  expect(String(problemOf(text))).not.toContain(text.trim());
});

test('a good one of one’s own is taken, and its strength is said as what it is at most', () => {
  expect(checkPassphrase('correct horse battery staple', device)).toEqual({
    text: 'correct horse battery staple',
    bits: Math.floor(28 * Math.log2(26 + 33)),
    generated: false,
  });
});
