import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeviceName, TopicRuleText } from '../../../src-main/contract/index.ts';
import { matches } from '../../../src-main/station/verify/observer.ts';
import { requiredTopicRule, TopicRule } from '../../../src-main/station/topic-rule.ts';

const side = new TopicRule('tenant/{tenant}/{device}/#');
const turned = new TopicRule('acme.v2/{device}/of/{tenant}/#');

test('the required rule: a device has its own topic space, and its neighbour’s is outside of it', () => {
  const rule = requiredTopicRule;
  expect(rule.base('acme/T2-000131')).toBe('tenant/acme/device/T2-000131');
  expect(rule.verify('acme/T2-000131', 'n')).toBe('tenant/acme/device/T2-000131/verify/n');
  expect(rule.everyones('x/y')).toBe('tenant/+/device/+/x/y');
  expect(rule.all).toBe('tenant/#');
  expect(rule.pattern).toBeNull();
});

test('one pattern line only where tenant and device stand next to each other, in that order', () => {
  expect(side.pattern).toBe('tenant/%u/#');
  expect(turned.pattern).toBeNull();
  expect(new TopicRule('t/{device}/{tenant}/#').pattern).toBeNull();
  expect(new TopicRule('a/b/{tenant}/{device}/c/#')).toMatchObject({ pattern: 'a/b/%u/c/#', all: 'a/b/#' });
});

test.each([
  'tenant/{tenant}/device/{device}',
  'tenant/{tenant}/#',
  'tenant/{tenant}/{device}/{device}/#',
  'station/{tenant}/{device}/#',
  '{tenant}/{device}/#',
  '$SYS/{tenant}/{device}/#',
  'a/+/{tenant}/{device}/#',
  'a/#/{tenant}/{device}/#',
  'a//{tenant}/{device}/#',
  'a/{tenant}/{device}/#\ntopic readwrite #',
  'a/x{tenant}/{device}/#',
  'a/%u/{tenant}/{device}/#',
  '../{tenant}/{device}/#',
  '',
])('%j is no rule', (text) => {
  expect(TopicRuleText.safeParse(text).success).toBe(false);
  expect(() => new TopicRule(text)).toThrow();
});

const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,30}$/u);
const device = fc.tuple(name, name).map(([tenant, id]) => `${tenant}/${id}`);

test('whatever the ids are: a topic leads back to its device, and no device reaches another’s', () => {
  const rules = [requiredTopicRule, side, turned];
  fc.assert(
    fc.property(fc.constantFrom(...rules), device, device, (rule, one, other) => {
      expect(DeviceName.safeParse(one).success).toBe(true);
      const topic = rule.verify(one, 'n');
      expect(rule.deviceOf(topic, 'verify/n')).toBe(one);
      expect(rule.deviceOf(`${topic}/x`, 'verify/n')).toBeNull();
      expect(matches(rule.all, topic)).toBe(true);
      expect(matches(rule.everyones('verify/n'), topic)).toBe(true);
      expect(matches(`${rule.base(one)}/#`, rule.foreign(one, 'n'))).toBe(false);
      expect(matches(`${rule.base(one)}/#`, rule.verify(other, 'n'))).toBe(one === other);
    }),
  );
});
