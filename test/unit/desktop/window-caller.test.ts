import { expect, test } from 'vitest';
import { WindowCaller } from '../../../src-main/desktop/window-caller.ts';

const operator = { name: 'Ada', role: 'officer' as const, passwordSet: true };
const signIn = { operator, credential: 'secret', expiresAt: '2026-05-04T18:00:00.000Z' };

test('the page never sees the credential, and every later call carries it until the sign-out', async () => {
  const credentials: (string | null)[] = [];
  const caller = new WindowCaller((name, _input, credential) => {
    credentials.push(credential);
    return Promise.resolve(name === 'operators.signIn' ? signIn : {});
  });
  expect(await caller.call('operators.signIn', { name: 'Ada' })).toEqual({ ...signIn, credential: null });
  await caller.call('line.slots', {});
  await caller.call('operators.signOut', {});
  await caller.call('line.slots', {});
  expect(credentials).toEqual([null, 'secret', 'secret', null]);
});
