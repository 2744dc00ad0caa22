import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { holdSecret, readLog, type LogLine, type StoredLine } from '../../../src-main/log/index.ts';
import { openStationLog, type StationLog } from '../../../src-main/log/station-log.ts';

const folders: string[] = [];
const newFolder = (taken = true): string => {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-log-'));
  folders.push(dir);
  if (taken) writeFileSync(join(dir, 'station.lock'), '');
  return dir;
};
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const line = (message: string, facts: LogLine['facts'] = {}): LogLine => ({
  level: 'info',
  component: 'station',
  message,
  time: new Date().toISOString(),
  ids: { call: 'c-1' },
  facts,
});

const troubles: string[] = [];
const open = (dataDir: string, rotation = { maxBytes: 1024 * 1024, kept: 3 }): StationLog =>
  openStationLog({ dataDir, level: 'info', rotation, onTrouble: (text) => void troubles.push(text) });

const everything = { level: 'debug', ids: {} } as const;
async function read(dataDir: string): Promise<StoredLine[]> {
  const lines: StoredLine[] = [];
  for await (const one of readLog(dataDir, everything, null)) lines.push(one);
  return lines;
}

test('one JSON object a line, in files that only their owner may read', async () => {
  const dir = newFolder();
  const log = open(dir);
  log.write(line('100% "done"\nin two lines', { ms: 3 }));
  await log.close();
  const file = join(dir, 'log', 'station.log');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    level: 'info',
    time: expect.any(String) as string,
    component: 'station',
    call: 'c-1',
    ms: 3,
    msg: '100% "done"\nin two lines',
  });
  expect([statSync(file).mode & 0o777, statSync(join(dir, 'log')).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('a line of a service is searched for the secrets that only the supervisor knows', async () => {
  const dir = newFolder();
  const log = open(dir);
  const release = holdSecret('a PIN 7391');
  log.write(line('stderr: a PIN 7391'));
  release();
  await log.close();
  expect((await read(dir)).map(({ msg }) => msg)).toEqual(['stderr: [hidden]']);
});

test('files are put aside by size, and no more than were asked for are kept', async () => {
  const dir = newFolder();
  const log = open(dir, { maxBytes: 2_000, kept: 3 });
  for (let n = 0; n < 100; n++) {
    log.write(line(`number ${String(n)} ${'x'.repeat(400)}`));
    await log.flush();
  }
  await log.close();
  const names = readdirSync(join(dir, 'log')).sort();
  expect(names).toEqual(['station.1.log', 'station.2.log', 'station.3.log', 'station.log']);
  for (const name of names) expect(statSync(join(dir, 'log', name)).size).toBeLessThanOrEqual(2_000);
  const numbers = (await read(dir)).map(({ msg }) => Number(msg.split(' ')[1]));
  expect(numbers.at(-1)).toBe(99);
  expect(numbers).toEqual(numbers.map((_, index) => 100 - numbers.length + index));
});

test('processes that write to one folder lose no line and break none, also while files are put aside', async () => {
  const dir = newFolder();
  const each = 400;
  const writers = ['a', 'b', 'c'].map((name) =>
    fork(new URL('../../support/log-writer.ts', import.meta.url), [dir, name, String(each)], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0] as number));
  expect(codes).toEqual([0, 0, 0]);
  const text = readdirSync(join(dir, 'log')).map((name) => readFileSync(join(dir, 'log', name), 'utf8'));
  expect(text.length).toBeGreaterThan(3);
  const said = text.flatMap((file) => file.trimEnd().split('\n')).map((one) => (JSON.parse(one) as StoredLine).msg);
  const wanted = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: each }, (_, n) => `${name} ${String(n)}`));
  expect(said.sort()).toEqual(wanted.sort());
});

test('while another process moves the files, nobody else does', async () => {
  const dir = newFolder();
  const mark = join(dir, 'log', 'moving');
  mkdirSync(mark, { recursive: true });
  const log = open(dir, { maxBytes: 100, kept: 3 });
  const write = async (message: string): Promise<void> => {
    log.write(line(message));
    await log.flush();
  };
  for (const message of ['one', 'two', 'three']) await write(message);
  expect(readdirSync(join(dir, 'log'))).toEqual(['moving', 'station.log']);
  rmSync(mark, { recursive: true });
  await write('four');
  await log.close();
  expect(readdirSync(join(dir, 'log'))).toEqual(['station.1.log', 'station.log']);
  expect((await read(dir)).map(({ msg }) => msg)).toEqual(['one', 'two', 'three', 'four']);
});

test('a mark that a killed process left does not keep the files from being put aside', async () => {
  const dir = newFolder();
  mkdirSync(join(dir, 'log', 'moving'), { recursive: true });
  utimesSync(join(dir, 'log', 'moving'), new Date(0), new Date(0));
  const log = open(dir, { maxBytes: 100, kept: 3 });
  for (const message of ['one', 'two', 'three']) {
    log.write(line(message));
    await log.flush();
  }
  await log.close();
  expect(existsSync(join(dir, 'log', 'station.1.log'))).toBe(true);
  expect((await read(dir)).map(({ msg }) => msg)).toEqual(['one', 'two', 'three']);
});

test('a folder that no station has taken is left as it is', async () => {
  const dir = newFolder(false);
  const log = open(dir);
  log.write(line('x'));
  await log.close();
  expect(readdirSync(dir)).toEqual([]);
});

test('where nothing can be written it is said once; what was lost meanwhile is counted when it can be', async () => {
  const dir = newFolder();
  writeFileSync(join(dir, 'log'), 'a file where the folder is to be');
  const log = open(dir);
  for (let n = 0; n < 3; n++) {
    log.write(line(`big ${'x'.repeat(1_000_000)} ${String(n)}`));
    await log.flush();
  }
  for (let n = 0; n < 500; n++) log.write(line(`${'y'.repeat(16_000)} ${String(n)}`));
  await log.flush();
  expect(troubles.splice(0)).toEqual([`The log in ${join(dir, 'log')} cannot be written (ENOTDIR); the station goes on.`]);
  rmSync(join(dir, 'log'));
  await log.flush();
  log.write(line('there is room again'));
  await log.close();
  const said = (await read(dir)).map(({ msg }) => msg);
  expect(said).toContainEqual(expect.stringMatching(/^\d+ lines of the log were lost$/u));
  expect(said.at(-1)).toBe('there is room again');
  expect(troubles).toEqual([]);
});

test('a full disk is said once, and the writer goes on', async () => {
  const dir = newFolder();
  mkdirSync(join(dir, 'log'));
  symlinkSync('/dev/full', join(dir, 'log', 'station.log'));
  const full = open(dir);
  for (const message of ['one', 'two']) {
    full.write(line(message));
    await full.flush();
  }
  await full.close();
  expect(troubles.splice(0)).toEqual([`The log in ${join(dir, 'log')} cannot be written (ENOSPC); the station goes on.`]);
});

test('reading picks by level and by id, and passes over what is no whole line', async () => {
  const dir = newFolder();
  const log = open(dir);
  log.write({ ...line('of another call'), ids: { call: 'c-2' } });
  log.write({ ...line('wanted', { bug: 'b-1' }), level: 'error', ids: { call: 'c-1', run: 'r-1' } });
  log.write({ ...line('quiet'), ids: { call: 'c-1', run: 'r-1' } });
  await log.close();
  writeFileSync(join(dir, 'log', 'station.log'), '{"level":"info","cut', { flag: 'a' });
  const messages = async (wanted: Parameters<typeof readLog>[1]): Promise<string[]> => {
    const found: string[] = [];
    for await (const one of readLog(dir, wanted, null)) found.push(one.msg);
    return found;
  };
  expect(await messages({ level: 'info', ids: { call: 'c-1' } })).toEqual(['wanted', 'quiet']);
  expect(await messages({ level: 'warn', ids: { run: 'r-1' } })).toEqual(['wanted']);
  expect(await messages({ level: 'debug', ids: { bug: 'b-1' } })).toEqual(['wanted']);
  expect(await messages({ level: 'debug', ids: { run: 'r-1', call: 'c-2' } })).toEqual([]);
});

test('following tells each line once, over the moment when the file is put aside', async () => {
  const dir = newFolder();
  const log = open(dir, { maxBytes: 600, kept: 9 });
  log.write(line('before'));
  await log.flush();
  const leave = new AbortController();
  const seen: string[] = [];
  const told = new EventEmitter();
  const first = once(told, 'before');
  const reading = (async () => {
    for await (const { msg } of readLog(dir, everything, leave.signal)) {
      seen.push(msg);
      told.emit(msg);
    }
  })();
  const messages = Array.from({ length: 12 }, (_, n) => `number ${String(n)} ${'x'.repeat(100)}`);
  const last = once(told, messages.at(-1) ?? '');
  await first;
  for (const message of messages) {
    log.write(line(message));
    await log.flush();
  }
  await last;
  leave.abort();
  await reading;
  await log.close();
  expect(seen).toEqual(['before', ...messages]);
  expect(existsSync(join(dir, 'log', 'station.2.log'))).toBe(true);
});
