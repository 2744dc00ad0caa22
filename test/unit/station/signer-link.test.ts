import { expect, test } from 'vitest';
import { Failure, type SignerClient } from '../../../src-main/contract/index.ts';
import { SignerLink } from '../../../src-main/station/signer-link.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

const module = { path: '/module.so', env: {} };
const token = { label: 'HSM', serial: '42' };

/** A signer whose answers come when the test says so. */
function link(): { signer: SignerLink; asked: string[]; answer: (outcome: unknown) => Promise<void> } {
  const asked: string[] = [];
  const waiting: ((outcome: unknown) => void)[] = [];
  const call = (name: string): Promise<unknown> => {
    asked.push(name);
    return new Promise((resolve, reject) => waiting.push((outcome) => (outcome instanceof Failure ? reject(outcome) : resolve(outcome))));
  };
  const answer = async (outcome: unknown): Promise<void> => {
    waiting.shift()?.(outcome);
    await new Promise((later) => setImmediate(later));
  };
  return {
    signer: new SignerLink(call as SignerClient, { changed: () => undefined, opened: () => undefined, ended: () => undefined }),
    asked,
    answer,
  };
}

const locked = { state: 'locked', view: null };

test('a signer that was started again gets its module back before anybody is let through', async () => {
  const { signer, asked, answer } = link();
  const used = signer.use(module, token);
  for (const outcome of [null, {}, sampleFailure('SERVICE_CRASHED')]) await answer(outcome);
  await used;
  await expect(signer.mustWork()).rejects.toMatchObject({ code: 'SERVICE_CRASHED' });
  signer.event('signer.up', {});
  let through = false;
  const working = signer.mustWork().then(() => (through = true));
  await answer(null);
  await answer({});
  expect(through).toBe(false);
  await answer(locked);
  await working;
  expect(asked.slice(-3)).toEqual(['session.current', 'module.use', 'token.state']);
  expect(signer.token).toEqual(locked);
});

test('a request that waited for the signer’s new start is made again, of a signer that has its module', async () => {
  const { signer, asked, answer } = link();
  const used = signer.use(module, token);
  for (const outcome of [null, {}, locked]) await answer(outcome);
  await used;
  const request = signer.requestSession({} as Parameters<SignerLink['requestSession']>[0]);
  await answer(undefined); // lets the request go out
  signer.event('signer.up', {});
  await answer({ requestId: 'too early' });
  for (const outcome of [null, {}, locked]) await answer(outcome);
  await answer({ requestId: 'in time' });
  expect(await request).toEqual({ requestId: 'in time' });
  expect(asked.slice(3)).toEqual(['session.request', 'session.current', 'module.use', 'token.state', 'session.request']);
});

test('a session that outlived the station is kept: the module is not put to use anew', async () => {
  const { signer, asked, answer } = link();
  const used = signer.use(module, token);
  await answer({ id: 'a session' });
  await answer({ state: 'open', view: null });
  await used;
  expect(asked).toEqual(['session.current', 'token.state']);
  expect(signer.session).toEqual({ id: 'a session' });
});

test('a PIN that nobody enters in time is PIN_REQUEST_UNKNOWN; one that is entered is told once', async () => {
  const { signer } = link();
  const gone = signer.answered({ requestId: '7b0e0d3c-6f0f-4b57-9d1a-111111111111', expiresAt: new Date(Date.now()).toISOString() });
  await expect(gone).rejects.toMatchObject({ code: 'PIN_REQUEST_UNKNOWN' });
  const requestId = '7b0e0d3c-6f0f-4b57-9d1a-222222222222';
  const entered = signer.answered({ requestId, expiresAt: new Date(Date.now() + 60_000).toISOString() });
  signer.event('pin.answered', { requestId });
  await entered;
});
