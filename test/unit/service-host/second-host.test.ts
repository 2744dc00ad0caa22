import { beforeEach, expect, test } from 'vitest';
import type { Service } from '../../../src-main/contract/index.ts';
import { withSecondHost, type SpawnService } from '../../../src-main/service-host/index.ts';
import { FakeProcess } from './fake-process.ts';

let first: FakeProcess[];
let second: FakeProcess[];
let moves: string[];
let heard: unknown[];
let exits: string[];
let spawn: SpawnService;

beforeEach(() => {
  [first, second, moves, heard, exits] = [[], [], [], [], []];
  const into = (list: FakeProcess[], pid: number) => (): FakeProcess => {
    const process = new FakeProcess(pid);
    list.push(process);
    return process;
  };
  spawn = withSecondHost({
    first: into(first, 1),
    second: into(second, 2),
    onMove: (service, how) => void moves.push(`${service}: ${how}`),
  });
});

const start = (service: Service = 'station'): ReturnType<SpawnService> => {
  const process = spawn(service);
  process.onMessage((message) => heard.push(message));
  process.onExit((how) => exits.push(how));
  process.send({ kind: 'start', config: 'its configuration', logLevel: 'info' });
  return process;
};
const ready = { kind: 'ready' } as const;
const only = (list: FakeProcess[]): FakeProcess => {
  expect(list).toHaveLength(1);
  return list[0] as FakeProcess;
};

test('a service that ends before its first message goes on at the second host with all that it was told', () => {
  const process = start();
  process.send({ kind: 'peer-event', name: 'signer.up', payload: {} });
  only(first).exit('exit code 134');
  expect(only(second).received).toEqual(only(first).received);
  expect(second[0]?.received).toHaveLength(2);
  expect([moves, exits, process.pid]).toEqual([['station: exit code 134'], [], 2]);

  second[0]?.say(ready);
  process.send({ kind: 'stop' });
  expect(heard).toEqual([ready]);
  expect(second[0]?.received.at(-1)).toEqual({ kind: 'stop' });
  second[0]?.exit('exit code 0');
  expect(exits).toEqual(['exit code 0']);
});

test('a line for the log is no answer: a service that says why it ends goes on at the second host', () => {
  start();
  only(first).say({ kind: 'log', line: { level: 'error', component: 'bug', message: 'why', time: '', ids: {}, facts: {} } });
  only(first).exit('exit code 1');
  expect([heard.length, moves, exits]).toEqual([1, ['station: exit code 1'], []]);
  expect(only(second).received).toHaveLength(1);
});

test('it is started there from then on, and the other service where it was', () => {
  start();
  only(first).exit();
  start();
  expect([first.length, second.length]).toEqual([1, 2]);
  start('signer');
  expect([first.length, second.length]).toEqual([2, 2]);
});

test('one that has answered once is not moved when it ends, however soon', () => {
  start();
  only(first).say(ready);
  only(first).exit('signal SIGSEGV');
  expect([moves, exits, second]).toEqual([[], ['signal SIGSEGV'], []]);
});

test('one that was asked to stop, or killed, before it answered is not started again', () => {
  start().send({ kind: 'stop' });
  only(first).exit('exit code 0');
  start('signer').kill();
  expect([moves, exits, second]).toEqual([[], ['exit code 0', 'signal SIGKILL'], []]);
});

test('one that ends at the second host as well is reported, and told late to who asks late', () => {
  const process = start();
  only(first).exit('exit code 1');
  only(second).exit('exit code 2');
  process.onExit((how) => exits.push(`late: ${how}`));
  expect(exits).toEqual(['exit code 2', 'late: exit code 2']);
  expect(moves).toEqual(['station: exit code 1']);
});
