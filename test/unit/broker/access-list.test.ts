import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { accessList, readAccessList } from '../../../src-main/station/broker/access-list.ts';
import type { Publication } from '../../../src-main/station/broker/index.ts';
import { TopicRule } from '../../../src-main/station/topic-rule.ts';
import { thrownBy } from '../../support/thrown.ts';

const side = new TopicRule('tenant/{tenant}/{device}/#');
const publication = (devices: readonly string[], more: Partial<Publication> = {}): Publication => ({
  crls: [],
  clientCaPem: '',
  devices,
  ...more,
});
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const watching = ['user observer', 'topic read tenant/#', 'topic readwrite station/#', 'topic read $SYS/broker/version'];

test('entries: each device its own topics, the observer no device’s pen but for one message', () => {
  const text = accessList(publication(['acme/a', 'beta/b'], { muted: ['acme/gone'] }), 'observer');
  expect(lines(text)).toEqual([
    ...watching,
    'topic write tenant/+/device/+/certificates/renewal-required',
    'user acme/a',
    'topic readwrite tenant/acme/device/a/#',
    'user beta/b',
    'topic readwrite tenant/beta/device/b/#',
  ]);
  expect(readAccessList(text)).toEqual({ all: false, devices: new Set(['acme/a', 'beta/b']) });
});

test('pattern: one line for all of them, and a word against whoever was revoked and is still there', () => {
  const text = accessList(publication(['acme/a', 'beta/b'], { topicRule: side, muted: ['acme/gone'] }), 'observer');
  expect(lines(text)).toEqual([
    ...watching,
    'topic write tenant/+/+/certificates/renewal-required',
    'user acme/gone',
    'topic deny tenant/acme/gone/#',
    'pattern readwrite tenant/%u/#',
  ]);
  expect(readAccessList(text)).toEqual({ all: true, devices: new Set() });
});

describe('nothing but names gets into it', () => {
  const grammar =
    /^(?:user (?:observer|[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+)|topic (?:read|write|readwrite|deny) [A-Za-z0-9_.+$/-]+(?:#)?|pattern readwrite tenant\/%u\/#)$/u;
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.tuple(fc.string(), fc.string()).map(([tenant, id]) => `${tenant}/${id}`),
    fc.constantFrom(
      'acme/x\ntopic readwrite #',
      'acme/x\r',
      'acme/+',
      'acme/#',
      '#',
      'a/b/c',
      'acme/..',
      './x',
      'acme/%u',
      'acme/x\u2028',
      'acme/a ',
    ),
    fc.stringMatching(/^[a-z]{1,5}\/[a-z0-9]{1,5}$/u),
  );

  test.each<'devices' | 'muted'>(['devices', 'muted'])('%s of any text: it is refused, or each line is one of ours', (kind) => {
    fc.assert(
      fc.property(fc.constantFrom(undefined, side), fc.array(hostile, { maxLength: 4 }), (topicRule, names) => {
        const given = { ...(topicRule === undefined ? {} : { topicRule }), ...(kind === 'muted' ? { muted: names } : {}) };
        let made: string[] = [];
        const thrown = thrownBy(() => (made = lines(accessList(publication(kind === 'devices' ? names : [], given), 'observer'))));
        expect(made.filter((line) => !grammar.test(line))).toEqual([]);
        expect([undefined, 'ID_INVALID']).toContain(thrown instanceof Failure ? thrown.code : thrown);
      }),
      { numRuns: 500 },
    );
  });
});
