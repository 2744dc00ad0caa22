import { once } from 'node:events';
import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure, type FailureData } from '../../../src-main/contract/index.ts';
import { version } from '../../../src-main/contract/version.ts';
import { Joined } from '../../../src-main/service-host/endpoint/client.ts';
import { Endpoint } from '../../../src-main/service-host/endpoint/server.ts';
import { endpointOf, openStation, type RunningStation } from '../../../src-main/service-host/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { Served } from '../../support/serve.ts';
import { TestStation } from '../../support/station.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'birthmark-endpoint-'));
const address = endpointOf(dataDir);
let served: Served;

beforeAll(async () => {
  const station = await TestStation.tryOut(2, { dataDir });
  await station.stop();
  served = await Served.start(dataDir);
});
afterAll(() => served.end());

const faceOf = (events: string[], onGone = (): void => undefined) =>
  ({ version, face: 'command-line', onEvent: (name: string) => events.push(name), onGone }) as const;

/** Joins; it fails the test where it would have to start a station itself. */
const joined = (events: string[] = [], onGone = (): void => undefined, of = dataDir): Promise<RunningStation> =>
  openStation({
    ...faceOf(events, onGone),
    dataDir: of,
    kind: 'command',
    parts: { broker: true, line: 'off' },
    services: {
      spawn: () => {
        throw new Error('a station runs already: none is to be started');
      },
      config: { station: null, signer: null },
    },
    log: { level: 'info', write: () => undefined },
  });

const failureOf = async (work: Promise<unknown>): Promise<FailureData> => {
  const thrown: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof Failure)) throw new Error(`no failure: ${String(thrown)}`);
  return thrown.toData();
};

async function raw(to = address): Promise<Socket> {
  const socket = connect(to);
  await once(socket, 'connect');
  return socket;
}

const hello = `${JSON.stringify({ kind: 'hello', version, face: 'command-line' })}\n`;

test('the socket is for this user alone, in the data folder', () => {
  expect(address).toBe(join(dataDir, 'station.sock'));
  expect(statSync(address).mode & 0o777).toBe(0o600);
});

test('commands join the station that runs', async () => {
  const [status, doctor, certificates] = await Promise.all([
    birthmark(['status', '--data', dataDir, '--json']),
    birthmark(['doctor', '--data', dataDir, '--json']),
    birthmark(['certificates', 'list', '--data', dataDir, '--json']),
  ]);
  expect(jsonOf(status)).toMatchObject({ verdict: 'PASS', phase: 'ready' });
  expect(jsonOf(doctor)).toMatchObject({ verdict: 'PASS' });
  expect(jsonOf(certificates)).toMatchObject({ verdict: 'PASS' });
  expect(status.stderr).toBe('');
});

test('a second “serve” names the one that runs', async () => {
  const second = await birthmark(['serve', '--data', dataDir, '--json']);
  expect(jsonOf(second)).toMatchObject({ error: { code: 'STATION_RUNS', params: { pid: String(served.process.pid) } } });
});

test('two hundred calls of twenty faces at once are all answered', async () => {
  const faces = await Promise.all(Array.from({ length: 20 }, () => joined()));
  const answers = await Promise.all(
    faces.flatMap((face) => Array.from({ length: 10 }, () => face.call('station.status', {}, null) as Promise<{ phase: string }>)),
  );
  expect(answers).toHaveLength(200);
  expect(new Set(answers.map(({ phase }) => phase))).toEqual(new Set(['ready']));
  await Promise.all(faces.map((face) => face.stop()));
});

test('a face that never reads is let go, and harms nobody', async () => {
  const said: string[] = [];
  const large = 'x'.repeat(4 * 1024 * 1024);
  const own = join(mkdtempSync(join(tmpdir(), 'birthmark-endpoint-')), 'station.sock');
  const owner = { kind: 'serve', pid: process.pid, parts: { broker: true, line: 'off' } } as const;
  const endpoint = await Endpoint.open({
    address: own,
    version,
    owner,
    call: () => Promise.resolve(large),
    onLeft: () => undefined,
    log: (line) => said.push(line),
  });
  const [silent, reading] = [await raw(own), await Joined.join({ ...faceOf([]), address: own })];
  silent.pause();
  silent.on('error', () => undefined);
  const closed = once(silent, 'close');
  silent.write(hello);
  for (let id = 0; id < 64; id++) silent.write(`${JSON.stringify({ kind: 'call', id, name: 'any', input: {}, credential: null })}\n`);
  // It only hears of its end when it reads.
  await expect
    .poll(() => said, { timeout: 60_000 })
    .toEqual(['the connection of a command-line was closed: it does not read what it is sent']);
  expect(await reading?.call('any', {}, null)).toHaveLength(large.length);
  silent.destroy();
  await closed;
  await reading?.leave();
  await endpoint.close();
});

test.each([
  ['no JSON', 'GET / HTTP/1.1\n'],
  ['no message', '{"kind":"nothing"}\n'],
  ['a call before the hello', `${JSON.stringify({ kind: 'call', id: 1, name: 'station.status', input: {}, credential: null })}\n`],
])('%s ends that connection alone', async (_what, text) => {
  const socket = await raw();
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.resume();
  socket.write(text);
  await closed;
  const face = await joined();
  expect(await face.call('station.status', {}, null)).toMatchObject({ phase: 'ready' });
  await face.stop();
});

test('what a person is asked for goes to whoever asked; other events go to every face that may hear of them', async () => {
  const [mine, theirs]: [string[], string[]] = [[], []];
  const [first, second] = [await joined(mine), await joined(theirs)];
  await first.call('operators.signIn', { name: 'Officer' }, null);
  await second.call('bench.plug', { slot: 1 }, null);
  await expect.poll(() => theirs.includes('slot.changed') && mine.includes('slot.changed'), { timeout: 60_000 }).toBe(true);
  expect(mine).toContain('operator.changed');
  expect(theirs).not.toContain('operator.changed');
  await Promise.all([first.stop(), second.stop()]);
});

test('before a sign-in and after its end a face hears of nothing that it could not ask for', async () => {
  const events: string[] = [];
  const window = await Joined.join({ ...faceOf(events), face: 'window', address });
  const heard: string[] = [];
  const line = await joined(heard);
  /** What the window has heard by the time when somebody else has heard of a slot and of the state of the station. */
  const heardMeanwhile = async (): Promise<Set<string>> => {
    for (const list of [events, heard]) list.length = 0;
    await line.call('bench.unplug', { slot: 1 }, null);
    await line.call('bench.plug', { slot: 1 }, null);
    await expect.poll(() => heard.includes('slot.changed') && heard.includes('status.changed'), { timeout: 60_000 }).toBe(true);
    await window?.call('station.status', {}, credential);
    return new Set(events);
  };
  let credential: string | null = null;
  await window?.call('station.status', {}, null);
  const before = await heardMeanwhile();
  expect(before).toContain('status.changed');
  expect(before).not.toContain('slot.changed');
  ({ credential } = (await window?.call('operators.signIn', { name: 'Officer' }, null)) as { credential: string });
  expect(await heardMeanwhile()).toContain('slot.changed');
  await window?.call('operators.signOut', {}, credential);
  expect(await heardMeanwhile()).not.toContain('slot.changed');
  await Promise.all([window?.leave(), line.stop()]);
});

test('“events --json” is one object a line', async () => {
  const following = birthmark(['events', '--data', dataDir, '--json', '--event', 'slot.changed', '--count', '2']);
  const face = await joined();
  const plug = async (): Promise<void> => {
    await face.call('bench.unplug', { slot: 2 }, null);
    await face.call('bench.plug', { slot: 2 }, null);
  };
  let done = false;
  void following.then(() => (done = true));
  // The command may join after the first of these events.
  while (!done) await plug();
  const { code, stdout } = await following;
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; payload: { slot: number } });
  expect(code).toBe(0);
  expect(lines.map(({ event }) => event)).toEqual(['slot.changed', 'slot.changed']);
  await face.stop();
});

test('“provision --json-lines” tells each change of a slot, and the result last', async () => {
  const { code, stdout } = await birthmark(['provision', '--data', dataDir, '--count', '1', '--json-lines']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(code).toBe(0);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.slice(0, -1).every(({ event }) => event === 'slot.changed')).toBe(true);
  expect(lines.at(-1)).toMatchObject({ verdict: 'PASS', result: { totals: { units: 1, passed: 1 } }, error: null });
});

test('a face that needs a part which the running station lacks waits, and then says so', async () => {
  const here = mkdtempSync(join(tmpdir(), 'birthmark-endpoint-'));
  const owner = { kind: 'command', pid: 4711, parts: { broker: false, line: 'off' } } as const;
  const endpoint = await Endpoint.open({
    address: endpointOf(here),
    version,
    owner,
    call: () => Promise.resolve({}),
    onLeft: () => undefined,
    log: () => undefined,
  });
  const gone: string[] = [];
  const asked = joined([], () => gone.push('gone'), here);
  expect(await failureOf(asked)).toMatchObject({ code: 'STATION_PARTIAL', params: { pid: '4711', part: 'broker' } });
  // Whoever left by themselves is not told that the station ended.
  expect(gone).toEqual([]);
  await endpoint.close();
});

test('another version is refused by name', async () => {
  const other = openStation({
    dataDir,
    version: '9.9.9',
    face: 'window',
    kind: 'window',
    parts: { broker: true, line: 'auto' },
    services: { spawn: () => expect.unreachable('no station is to be started'), config: { station: null, signer: null } },
    onEvent: () => undefined,
    onGone: () => undefined,
    log: { level: 'info', write: () => undefined },
  });
  expect(await failureOf(other)).toMatchObject({ code: 'STATION_OTHER_VERSION', params: { running: version, own: '9.9.9' } });
});

test('a second data folder is a second station', async () => {
  const other = await birthmark(['status', '--data', mkdtempSync(join(tmpdir(), 'birthmark-other-')), '--json']);
  expect(jsonOf(other)).toMatchObject({ error: { code: 'NOT_SET_UP' } });
});

test('killed: every face learns it, the socket that was left behind is noticed, and the next command runs the station', async () => {
  let gone = false;
  const face = await joined([], () => (gone = true));
  const answer = failureOf(face.call('publication.settle', {}, null).then(() => face.call('doctor.run', {}, null)));
  await served.end('SIGKILL');
  expect(['STATION_GONE']).toContain((await answer).code);
  expect(gone).toBe(true);
  expect(await failureOf(face.call('station.status', {}, null))).toMatchObject({ code: 'STATION_GONE' });
  expect(existsSync(address)).toBe(true);
  expect(jsonOf(await birthmark(['status', '--data', dataDir, '--json']))).toMatchObject({ verdict: 'PASS', phase: 'ready' });
  served = await Served.start(dataDir);
});

test('SIGTERM ends it in good order', async () => {
  expect(await served.end()).toBe(0);
  expect(existsSync(address)).toBe(false);
  served = await Served.start(dataDir);
});
