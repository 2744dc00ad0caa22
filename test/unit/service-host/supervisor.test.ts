import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CallOrigin, Service } from '../../../src-main/contract/index.ts';
import { Supervisor } from '../../../src-main/service-host/index.ts';
import { FakeProcess } from './fake-process.ts';

let stations: FakeProcess[];
let supervisor: Supervisor;
const newest = (): FakeProcess => stations.at(-1) as FakeProcess;
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const origin = (connection: string, credential: string | null): CallOrigin => ({ face: 'command-line', connection, credential });

beforeEach(async () => {
  vi.useFakeTimers();
  stations = [];
  supervisor = new Supervisor({
    spawn: (service: Service) => {
      const process = new FakeProcess(stations.length + 1);
      if (service === 'station') stations.push(process);
      return process;
    },
    config: { station: {}, signer: {} },
    onEvent: () => undefined,
    log: { level: 'error', write: () => undefined },
  });
  newest().say({ kind: 'ready' });
  await settle();
});
afterEach(() => vi.useRealTimers());

/** The kinds of message that tell who speaks on which connection. */
const told = () => newest().received.filter(({ kind }) => kind === 'face' || kind === 'face-left');

test('a station that starts again is told who speaks on each connection, by its newest call', async () => {
  for (const from of [origin('a', null), origin('b', 'key'), origin('a', 'signed-in')])
    supervisor.call('station.status', {}, from).catch(() => undefined);
  await settle();
  expect(told()).toEqual([]);
  newest().exit();
  await vi.advanceTimersByTimeAsync(1_000);
  newest().say({ kind: 'ready' });
  expect(told()).toEqual([
    { kind: 'face', origin: origin('a', 'signed-in') },
    { kind: 'face', origin: origin('b', 'key') },
  ]);
});

test('a connection that has ended is forgotten', async () => {
  supervisor.call('station.status', {}, origin('a', 'key')).catch(() => undefined);
  await settle();
  supervisor.left('a');
  expect(told()).toEqual([{ kind: 'face-left', connection: 'a' }]);
  newest().exit();
  await vi.advanceTimersByTimeAsync(1_000);
  newest().say({ kind: 'ready' });
  expect(told()).toEqual([]);
});
