import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure, type Client } from '../../../src-main/contract/index.ts';
import { Bridge } from '../../../src-main/desktop/bridge.ts';

function makeBridge(answer: (name: string, input: unknown) => unknown = () => ({})): {
  bridge: Bridge;
  passed: unknown[];
  refused: string[];
} {
  const passed: unknown[] = [];
  const refused: string[] = [];
  const call = ((name: string, input: unknown) => {
    passed.push({ name, input });
    return Promise.resolve().then(() => answer(name, input));
  }) as Client;
  return { bridge: new Bridge({ call, onRefused: (what) => refused.push(what) }), passed, refused };
}

const slotView = {
  slot: 1,
  path: '/dev/pts/1',
  state: 'RUNNING',
  unit: null,
  device: null,
  run: null,
  step: null,
  progress: null,
  steps: [],
  ms: 0,
  startedAt: null,
  failure: null,
  certificateRevoked: false,
  proofLevel: null,
  gaps: [],
  label: null,
  deadline: null,
  earlier: null,
};

describe('calls of the page', () => {
  it('are passed on with the defaults that the contract gives', async () => {
    const { bridge, passed } = makeBridge(() => ({ total: 0, rows: [], next: null }));
    const answer = await bridge.answer({ id: 7, name: 'devices.list', input: {} });
    expect(passed).toEqual([{ name: 'devices.list', input: { search: '', limit: 100, cursor: null } }]);
    expect(answer).toEqual({ kind: 'answer', id: 7, outcome: { ok: true, value: { total: 0, rows: [], next: null } } });
  });

  it.each([
    ['a name that is not in the contract', { id: 1, name: 'station.erase', input: {} }],
    ['a name that every object has', { id: 1, name: 'constructor', input: {} }],
    ['a field that the call does not know', { id: 1, name: 'line.retry', input: { slot: 1, force: true } }],
    ['a value out of bounds', { id: 1, name: 'line.retry', input: { slot: 17 } }],
    ['no input at all', { id: 1, name: 'line.retry', input: undefined }],
  ])('are refused for %s, and no service hears of them', async (_why, request) => {
    const { bridge, passed } = makeBridge();
    const answer = await bridge.answer(request);
    expect(answer?.outcome).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
    expect(passed).toEqual([]);
  });

  it('carry a failure back with its code, parameters and what can be tried again', async () => {
    const failure = new Failure('SERVICE_CRASHED', { service: 'signer' });
    const { bridge } = makeBridge(() => {
      throw failure;
    });
    const answer = await bridge.answer({ id: 1, name: 'station.status', input: {} });
    expect(answer?.outcome).toEqual({ ok: false, error: failure.toData() });
  });

  it('never bring the page more, or something else, than the contract describes', async () => {
    const tooMuch = makeBridge(() => [{ name: 'Officer', role: 'officer', passwordSet: true, passwordHash: 'scrypt$…' }]);
    const answer = await tooMuch.bridge.answer({ id: 1, name: 'operators.list', input: {} });
    expect(answer?.outcome).toEqual({ ok: true, value: [{ name: 'Officer', role: 'officer', passwordSet: true }] });

    const wrong = makeBridge(() => [{ name: 'Officer', role: 'root', passwordSet: true }]);
    const refusedAnswer = await wrong.bridge.answer({ id: 1, name: 'operators.list', input: {} });
    expect(refusedAnswer?.outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(wrong.refused).toEqual(['result of operators.list: 0.role']);
  });

  it('get no answer when they are not even requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (message) => {
        const { bridge, passed, refused } = makeBridge();
        expect(await bridge.answer(message)).toBeNull();
        expect([passed.length, refused.length]).toEqual([0, 1]);
      }),
    );
  });
});

describe('events for the page', () => {
  it('pass when the contract describes them, without what it does not', () => {
    const { bridge, refused } = makeBridge();
    expect(bridge.event('slot.changed', { ...slotView, pin: '123456' })).toEqual({
      kind: 'event',
      name: 'slot.changed',
      payload: slotView,
    });
    expect(refused).toEqual([]);
  });

  it('are held back, and reported, otherwise', () => {
    const { bridge, refused } = makeBridge();
    expect(bridge.event('signer.stuck', {})).toBeNull();
    expect(bridge.event('slot.changed', { ...slotView, state: 'DONE' })).toBeNull();
    expect(refused).toHaveLength(2);
  });
});
