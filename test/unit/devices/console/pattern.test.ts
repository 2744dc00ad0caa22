import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pattern, PatternError } from '../../../../src-main/station/devices/console/pattern/index.ts';
import { thrownBy } from '../../../support/thrown.ts';

const refusal = (source: string): PatternError => {
  try {
    Pattern.of(source);
  } catch (thrown) {
    if (thrown instanceof PatternError) return thrown;
    throw thrown;
  }
  throw new Error(`${source} was accepted`);
};

describe('a pattern', () => {
  test('stands for the whole line', () => {
    expect(Pattern.of('OK').match('OK')).toEqual({});
    expect(Pattern.of('OK').match('OKay')).toBeNull();
    expect(Pattern.of('OK').match(' OK')).toBeNull();
    expect(Pattern.of('.*OK.*').match('an OK within')).toEqual({});
  });

  test('captures what its named groups read', () => {
    const listed = Pattern.of('%CMNG: (?<tag>\\d+),(?<type>\\d+),"(?<sha>[0-9A-F]{64})"');
    expect(listed.match(`%CMNG: 42,1,"${'AB'.repeat(32)}"`)).toEqual({ tag: '42', type: '1', sha: 'AB'.repeat(32) });
    expect(listed.match(`%CMNG: 42,1,"${'AB'.repeat(31)}"`)).toBeNull();
    expect(Pattern.of('(?:a|(?<b>b))').match('a')).toEqual({});
  });

  // The same characters again and again make matches likely.
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\W', '1', '\\x41', '-');
  const tree = fc.letrec<{ node: string; base: string }>((tie) => ({
    base: atom,
    node: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
      fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??')).map(([a, times]) => `(?:${a})${times}`),
    ),
  })).node;
  const line = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'A', '-', '\u00e4'), maxLength: 8 });

  test('matches and captures as JavaScript’s own, wherever it is accepted', () => {
    let accepted = 0;
    fc.assert(
      fc.property(tree, tree, line, (first, second, text) => {
        const source = `(?<x>${first})(?<y>${second})`;
        let pattern: Pattern;
        try {
          pattern = Pattern.of(source);
        } catch {
          return;
        }
        accepted += 1;
        const theirs = new RegExp(`^(?:${source})$`, 'su').exec(text);
        expect(pattern.match(text)).toEqual(theirs === null ? null : { ...theirs.groups });
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  test.each([
    '(a+)+',
    '(a|a)*b',
    '(a|aa)+',
    '([a-zA-Z]+)*1',
    '(a*)*',
    '(a?)+',
    '(x+x+)+y',
    '(?:\\d|[0-5])*',
    '(.*,){11}P',
    '.*.*.*.*x',
    '(\\w+\\s?)*',
  ])('%s can blow up, and is refused', (source) => {
    expect(refusal(source).message).toContain('can blow up');
  });

  test.each([
    '(?:\\d+,)*\\d+',
    '\\+CME ERROR: (?<code>\\d+)',
    '(?:[0-9a-f]{2}:)+[0-9a-f]{2}',
    '.*a.*b.*',
    '(?:"[^"]*",?)*',
    '(?:ab|ac)*',
    '\\s*OK\\s*',
  ])('%s cannot, and is accepted', (source) => {
    expect(Pattern.of(source).source).toBe(source);
  });

  test.each([
    ['a(b', 'without its )'],
    ['a)', 'without its ('],
    ['[a', 'without its ]'],
    ['*a', 'nothing to repeat'],
    ['^OK$', 'leave out ^'],
    ['(?=a)', 'look-ahead'],
    ['(?<a>.)(?<a>.)', 'twice'],
    ['(a)\\1', 'references back'],
    ['a{5,2}', 'below'],
    ['(?:[ab]{1000}){1000}', 'too large'],
    [`${'('.repeat(40)}${')'.repeat(40)}`, 'nested too deep'],
  ])('%s is none, and says why', (source, why) => {
    expect(refusal(source).message).toContain(why);
  });

  test('no text makes any pattern throw something else', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'()[]{}|*+?\\^-.ab19<>:,dDwx='.split('')), maxLength: 24 }),
        line,
        (source, text) => {
          const thrown = thrownBy(() => Pattern.of(source).match(text));
          expect(thrown === undefined || thrown instanceof PatternError, String(thrown)).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('takes no longer than the line: 16 kB against what makes others hang', () => {
    const hostile = 'a'.repeat(16_384);
    // A power of the length or worse would not end within the time-out of a test.
    expect(Pattern.of('.*a.*a.*!').match(hostile)).toBeNull();
    expect(Pattern.of('a{0,200}a*b').match(hostile)).toBeNull();
  });
});
