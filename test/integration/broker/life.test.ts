import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** The host's own clock tells its administrator before a list ends, whether a station is there or not. */
let dir: string;
const hour = 3_600_000;
const lines = (): string[] => readFileSync(join(dir, 'said'), 'utf8').split('\n').slice(0, -1);
const run = (): string[] => {
  writeFileSync(join(dir, 'said'), '');
  execFileSync(resolve('resources/broker/birthmark-life'), [join(dir, 'broker.conf')], { stdio: 'pipe' });
  return lines();
};
const openssl = (time: number): string => {
  const [, day = '', month = '', year = '', clock = ''] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/u.exec(new Date(time).toUTCString()) ?? [];
  return `${month} ${day} ${clock} ${year} GMT`;
};

/** The list of this station, of seven days, with so many hours left. */
function list(station: string, left: number): string {
  const end = Math.floor(Date.now() / 1_000) * 1_000 + left * hour;
  mkdirSync(join(dir, 'stations', station), { recursive: true });
  writeFileSync(join(dir, 'stations', station, 'crl-1.pem.facts'), `lastUpdate=${openssl(end - 168 * hour)}\nnextUpdate=${openssl(end)}\n`);
  return new Date(end).toISOString().replace('.000', '');
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'birthmark-life-'));
  writeFileSync(join(dir, 'log'), `#!/bin/bash\nprintf '%s\\n' "$*" >>'${join(dir, 'said')}'\n`);
  chmodSync(join(dir, 'log'), 0o755);
  writeFileSync(join(dir, 'broker.conf'), `INSTALL='${dir}'\nLOGGER='${join(dir, 'log')}'\n`);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a list in the first half of its life is no news, and neither is a host without any', () => {
  expect(run()).toEqual([]);
  list('line-1', 100);
  expect(run()).toEqual([]);
});

test('half of the life left: once, with the moment, for each station', () => {
  const moment = list('line-1', 80.5);
  list('line-2', 100);
  expect(run()).toEqual([
    `-t birthmark -p daemon.warning -- A revocation list of line-1 ends at ${moment}, in 80 hours: then its devices are locked out. The station line-1 must publish: a signing session has to be opened there.`,
  ]);
  expect(run()).toEqual([]);
});

test('a quarter of the life left, and an end that has passed: each time', () => {
  const soon = list('line-1', 40.5);
  const over = list('line-2', -1);
  const told = [
    expect.stringContaining(`daemon.err -- A revocation list of line-1 ends at ${soon}`),
    expect.stringContaining(`daemon.crit -- A revocation list of line-2 ended at ${over}`),
  ];
  expect(run()).toEqual(told);
  expect(run()).toEqual(told);
});

test('what is being put in place, or was before, is nobody’s list', () => {
  list('line-1~prev', 1);
  list('line-1~new', 1);
  expect(run()).toEqual([]);
});
