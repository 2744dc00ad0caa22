import { expect, test } from 'vitest';
import type { CallInput, CallName, CallOrigin, CallOutput } from '../../../src-main/contract/index.ts';
import { WindowCaller } from '../../../src-main/desktop/window-caller.ts';

const operator = { name: 'Ada', role: 'officer' as const, passwordSet: true };
const signIn = { operator, credential: 'secret', expiresAt: '2026-05-04T18:00:00.000Z' };

test('the page never sees the credential, and every later call carries it until the sign-out', async () => {
  const origins: CallOrigin[] = [];
  const answer = <N extends CallName>(name: N, _input: CallInput<N>, origin: CallOrigin): Promise<CallOutput<N>> => {
    origins.push(origin);
    return Promise.resolve((name === 'operators.signIn' ? signIn : {}) as CallOutput<N>);
  };
  const caller = new WindowCaller(answer);
  expect(await caller.call('operators.signIn', { name: 'Ada' })).toEqual({ ...signIn, credential: null });
  await caller.call('line.slots', {});
  await caller.call('operators.signOut', {});
  await caller.call('line.slots', {});
  expect(origins.map(({ credential }) => credential)).toEqual([null, 'secret', 'secret', null]);
  expect(new Set(origins.map(({ connection }) => connection)).size).toBe(1);
  expect(origins.every(({ face }) => face === 'window')).toBe(true);
});
