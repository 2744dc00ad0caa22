import { expect, test } from 'vitest';
import { foreignTopic, topicBase, verifyTopic } from '../../../src-main/station/verify/index.ts';
import { matches } from '../../../src-main/station/verify/observer.ts';

test('a device has its own topic space, and its neighbour’s is outside of it', () => {
  expect(topicBase('acme/T2-000131')).toBe('tenant/acme/device/T2-000131');
  expect(verifyTopic('acme/T2-000131', 'n')).toBe('tenant/acme/device/T2-000131/verify/n');
  const foreign = foreignTopic('acme/T2-000131', 'n');
  expect(matches('tenant/acme/device/T2-000131/#', foreign)).toBe(false);
  expect(matches('tenant/acme/device/+/verify/n', foreign)).toBe(true);
});

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b/c', 'a/b', false],
  ['a/+/c', 'a/b/c', true],
  ['a/+', 'a/b/c', false],
  ['a/+', 'a/', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a/b', true],
  ['#', '$SYS/uptime', false],
  ['+/uptime', '$SYS/uptime', false],
  ['$SYS/#', '$SYS/uptime', true],
])('filter %s and topic %s: %s', (filter, topic, expected) => {
  expect(matches(filter, topic)).toBe(expected);
});
