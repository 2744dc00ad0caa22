import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { currentIds, holdSecret, say, sayBug, sendLinesTo, underIds, withIds, type LogLine } from '../../../src-main/log/index.ts';
import { logBugsTo, toFailureData } from '../../../src-main/contract/index.ts';
import { newPassword } from '../../../src-main/station/broker/index.ts';
import { newCredential } from '../../../src-main/station/registry/credentials.ts';

const lines: LogLine[] = [];
const heard = (): LogLine[] => lines.splice(0);

test('ids follow promises and timers, add up, and end with their work', async () => {
  const seen = await withIds({ call: 'c' }, async () => {
    await wait(1);
    const inner = await withIds({ run: 'r' }, async () => {
      await Promise.resolve();
      return currentIds();
    });
    return [inner, currentIds(), underIds({ publication: 'p' }, currentIds)];
  });
  expect(seen).toEqual([{ call: 'c', run: 'r' }, { call: 'c' }, { publication: 'p' }]);
  expect(currentIds()).toEqual({});
});

test('a line has its ids, and none of the secrets that are in use', () => {
  sendLinesTo((line) => void lines.push(line), 'info');
  const release = holdSecret('open sesame');
  withIds({ call: 'c', run: 'open sesame' }, () => say('warn', 'run', 'said open sesame', { why: ['open sesame'], ms: 3 }));
  release();
  expect(heard()).toEqual([
    {
      level: 'warn',
      component: 'run',
      message: 'said [hidden]',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u) as string,
      ids: { call: 'c', run: '[hidden]' },
      facts: { why: ['[hidden]'], ms: 3 },
    },
  ]);
});

test.each([
  ['an MQTT password', newPassword],
  ['an access key, and what a sign-in gives', newCredential],
])('%s that was just made is in no line', (_, make) => {
  sendLinesTo((line) => void lines.push(line), 'info');
  const secret = make();
  say('error', 'call', `the broker said “${secret}”`, { answer: { text: secret } });
  expect(heard()).toMatchObject([{ message: 'the broker said “[hidden]”', facts: { answer: { text: '[hidden]' } } }]);
});

test('below its level nothing is said, and nothing is read', () => {
  sendLinesTo((line) => void lines.push(line), 'info');
  say('debug', 'run', 'x', { get costly(): never {
    throw new Error('it was read');
  } }); // prettier-ignore
  expect(heard()).toEqual([]);
  sendLinesTo((line) => void lines.push(line), 'debug');
  say('debug', 'run', 'x');
  expect(heard()).toHaveLength(1);
});

test('a line that cannot be made or sent does not end what it tells of', () => {
  sendLinesTo(() => {
    throw new Error('the channel is closed');
  }, 'info');
  say('error', 'run', 'x');
  sendLinesTo((line) => void lines.push(line), 'info');
  say('error', 'run', 'x', { get broken(): never {
    throw new Error('no');
  } }); // prettier-ignore
  expect(heard()).toEqual([]);
});

test('the id of an INTERNAL answer finds the stack of the bug and of its cause', () => {
  sendLinesTo((line) => void lines.push(line), 'info');
  logBugsTo(sayBug);
  const { params } = toFailureData(new TypeError('x is undefined', { cause: new RangeError('below zero') }));
  const [line] = heard();
  expect(line?.facts).toEqual({ bug: params['id'] });
  expect(line?.message).toMatch(/TypeError: x is undefined\n.*line\.test\.ts[\s\S]*caused by RangeError: below zero\n.*line\.test\.ts/u);
});
