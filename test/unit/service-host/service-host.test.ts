import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import type { Ids, LogLine } from '../../../src-main/log/index.ts';
import { ServiceHost, type ServiceHostOptions } from '../../../src-main/service-host/service-host.ts';
import { FakeProcess } from './fake-process.ts';

let processes: FakeProcess[];
let states: string[];
let events: string[];
let lines: LogLine[];
const newest = (): FakeProcess => processes.at(-1) as FakeProcess;

const host = (onPeerCall: ServiceHostOptions['onPeerCall'] = () => Promise.resolve('peer')): ServiceHost =>
  new ServiceHost({
    service: 'signer',
    config: { some: 'config' },
    spawn: () => {
      const process = new FakeProcess(processes.length + 1);
      processes.push(process);
      return process;
    },
    onEvent: (name) => void events.push(name),
    onPeerCall,
    logLevel: 'info',
    onLine: (line) => void lines.push(line),
    onState: (state) => void states.push(state),
  });

/** Lets promise reactions run; fake timers do not touch them. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const outcomeOf = (call: Promise<unknown>): Promise<unknown> => call.catch((thrown: unknown) => (thrown as Failure).code);
const lastCallId = (process: FakeProcess): number => (process.received.findLast((message) => message.kind === 'call') as { id: number }).id;

beforeEach(() => {
  vi.useFakeTimers();
  [processes, states, events, lines] = [[], [], [], []];
});
afterEach(() => vi.useRealTimers());

test('calls wait for the start, and their answers find them', async () => {
  const service = host();
  const [one, two] = [service.call('one', 1, null), service.call('two', 2, null)];
  await settle();
  expect(newest().received).toEqual([{ kind: 'start', config: { some: 'config' }, logLevel: 'info' }]);
  newest().say({ kind: 'ready' });
  await settle();
  const [first, second] = newest().received.slice(1) as { id: number }[];
  newest().say({ kind: 'result', id: second?.id ?? 0, outcome: { ok: true, value: 'second' } });
  newest().say({
    kind: 'result',
    id: first?.id ?? 0,
    outcome: { ok: false, error: new Failure('PIN_LOCKED', { label: 'x' }, 'raw').toData() },
  });
  expect(await two).toBe('second');
  await expect(one).rejects.toMatchObject({ code: 'PIN_LOCKED', params: { label: 'x' }, detail: 'raw' });
});

test.each<[string, unknown]>([
  ['null', null],
  ['nothing', undefined],
  ['a text', 'ready'],
  ['a list', []],
  ['no kind', {}],
  ['another kind', { kind: 'start', config: {} }],
  ['an event without a name', { kind: 'event', payload: {} }],
  ['a call without an id', { kind: 'peer-call', name: 'sign.certificate', input: {} }],
  ['a call whose name is no text', { kind: 'peer-call', id: 1, name: { toString: null }, input: {} }],
])('a service that was taken over and sends %s is not heard, and harms nobody', async (_, message) => {
  const asked = vi.fn(() => Promise.resolve('peer'));
  const service = host(asked);
  newest().say({ kind: 'ready' });
  newest().say(message);
  const call = service.call('one', 1, null);
  await settle();
  newest().say({ kind: 'result', id: lastCallId(newest()), outcome: { ok: true, value: 'still here' } });
  expect(await call).toBe('still here');
  expect([asked.mock.calls, events]).toEqual([[], []]);
});

test('an answer that is no outcome is a bug of the service', async () => {
  const service = host();
  newest().say({ kind: 'ready' });
  for (const outcome of [null, {}, { ok: false, error: null }, { ok: false, error: { code: 'NONE_OF_OURS', params: {}, retry: 'same' } }]) {
    const call = outcomeOf(service.call('one', 1, null));
    await settle();
    newest().say({ kind: 'result', id: lastCallId(newest()), outcome });
    expect(await call).toBe('INTERNAL');
  }
});

test('a crash fails what was pending, and later calls reach the next process', async () => {
  const service = host();
  newest().say({ kind: 'ready' });
  const pending = outcomeOf(service.call('sign', {}, null));
  await settle();
  newest().exit();
  expect(await pending).toBe('SERVICE_CRASHED');
  const later = service.call('sign', {}, null);
  await settle();
  expect(processes).toHaveLength(2);
  newest().say({ kind: 'ready' });
  await settle();
  newest().say({ kind: 'result', id: lastCallId(newest()), outcome: { ok: true, value: 'signed' } });
  expect(await later).toBe('signed');
  expect(states).toEqual(['up', 'restarting', 'up']);
});

test('whoever waits for a start that fails is told, and the next start is tried', async () => {
  const service = host();
  const waiting = outcomeOf(service.call('sign', {}, null));
  await settle();
  newest().exit('exit code 1');
  expect(await waiting).toBe('SERVICE_CRASHED');
  await settle();
  expect(processes).toHaveLength(2);
});

test('restarts come later and later, at most every five seconds, and at once again after half a minute of work', async () => {
  host();
  newest().exit();
  await vi.advanceTimersByTimeAsync(0);
  expect(processes).toHaveLength(2);
  for (const pause of [200, 1000, 5000, 5000, 5000]) {
    const before = processes.length;
    newest().exit();
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(processes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(processes).toHaveLength(before + 1);
  }
  newest().say({ kind: 'ready' });
  await vi.advanceTimersByTimeAsync(30_001);
  newest().exit();
  await vi.advanceTimersByTimeAsync(0);
  expect(processes).toHaveLength(8);
});

test('what a dead process still had to say is not heard', async () => {
  const service = host();
  const old = newest();
  old.say({ kind: 'ready' });
  old.exit();
  await vi.advanceTimersByTimeAsync(0);
  newest().say({ kind: 'ready' });
  const call = service.call('sign', {}, null);
  await settle();
  old.say({ kind: 'result', id: lastCallId(newest()), outcome: { ok: true, value: 'stale' } });
  old.say({ kind: 'event', name: 'stale', payload: {} });
  newest().say({ kind: 'result', id: lastCallId(newest()), outcome: { ok: true, value: 'fresh' } });
  expect(await call).toBe('fresh');
  expect(events).toEqual([]);
});

test('a call of the other service is carried there, its failure back by name', async () => {
  host(() => Promise.reject(new Failure('SESSION_NONE')));
  newest().say({ kind: 'ready' });
  newest().say({ kind: 'peer-call', id: 7, name: 'sign', input: {}, ids: {} });
  await settle();
  expect(newest().received.at(-1)).toMatchObject({ kind: 'peer-result', id: 7, outcome: { ok: false, error: { code: 'SESSION_NONE' } } });
});

test('what a call belongs to goes along, to the service and from one to the other', async () => {
  const carried: Ids[] = [];
  const service = host((_name, _input, ids) => {
    carried.push(ids);
    return Promise.resolve('done');
  });
  newest().say({ kind: 'ready' });
  void service.call('sign', {}, null, { call: 'c', run: 'r' });
  await settle();
  expect(newest().received.at(-1)).toMatchObject({ kind: 'call', ids: { call: 'c', run: 'r' } });
  newest().say({ kind: 'peer-call', id: 7, name: 'sign', input: {}, ids: { run: 'r' } });
  await settle();
  expect(carried).toEqual([{ run: 'r' }]);
});

test('the last lines of a service that died are heard, also when they come after its end', () => {
  host();
  const dead = newest();
  dead.exit();
  const line = { level: 'error', component: 'bug', message: 'its last words', time: '', ids: {}, facts: {} } as const;
  dead.say({ kind: 'log', line });
  expect(lines).toEqual([line]);
});

test('stop asks first, and ends by force after the grace', async () => {
  const service = host();
  newest().say({ kind: 'ready' });
  const pending = outcomeOf(service.call('sign', {}, null));
  await settle();
  const stopped = service.stop(3000);
  expect(newest().received.at(-1)).toEqual({ kind: 'stop' });
  await vi.advanceTimersByTimeAsync(2999);
  expect(newest().killed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(newest().killed).toBe(true);
  await stopped;
  expect(await pending).toBe('SERVICE_CRASHED');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(processes).toHaveLength(1);
  expect(await outcomeOf(service.call('sign', {}, null))).toBe('SERVICE_CRASHED');
});

test('a service that leaves when asked is not killed and not started again', async () => {
  const service = host();
  newest().say({ kind: 'ready' });
  const stopped = service.stop();
  newest().exit('exit code 0');
  await stopped;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([newest().killed, processes.length]).toEqual([false, 1]);
});

test('who waits for a restart when everything is stopped is told so', async () => {
  const service = host();
  newest().exit();
  newest();
  await vi.advanceTimersByTimeAsync(0);
  newest().exit();
  const waiting = outcomeOf(service.call('sign', {}, null));
  await service.stop();
  expect(await waiting).toBe('SERVICE_CRASHED');
});
