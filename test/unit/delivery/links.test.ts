import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LinkTokens } from '../../../src-main/station/delivery/link-tokens.ts';
import { RateLimit } from '../../../src-main/station/http/rate-limit.ts';

test('a path is read back as it was made, by who made it; any change of it is nothing', () => {
  const tokens = new LinkTokens();
  const until = Date.parse('2026-06-01T08:00:00.000Z');
  const { id, path } = tokens.make(until);
  expect(tokens.read(path)).toEqual({ id, until });
  expect(new LinkTokens().read(path)).toBeNull();
  fc.assert(
    fc.property(fc.nat(path.length - 1), fc.constantFrom(...'AZaz09._-/%'), (at, sign) => {
      const changed = path.slice(0, at) + sign + path.slice(at + 1);
      const read = tokens.read(changed);
      // The last character of base64url has bits that say nothing: it reads as the same signature.
      return changed === path || read === null || (at === path.length - 1 && read.id === id && read.until === until);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.string(), (text) => tokens.read(text) === null && tokens.read(`/bundle/${text}`) === null));
});

test('no two links are alike', () => {
  const tokens = new LinkTokens();
  expect(new Set(Array.from({ length: 500 }, () => tokens.make(0).path)).size).toBe(500);
});

test('a rate limit counts each name and all of them, and forgets with the window', () => {
  let now = 0;
  const limit = new RateLimit(3, 1000, () => now);
  for (let i = 0; i < 3; i++) limit.count('a');
  expect([limit.isOver('a'), limit.isOver('b')]).toEqual([true, false]);
  for (let i = 0; i < 27; i++) limit.count(`n${String(i)}`);
  expect(limit.isOver('b')).toBe(true);
  now = 1000;
  expect([limit.isOver('a'), limit.isOver('b')]).toEqual([false, false]);
});
