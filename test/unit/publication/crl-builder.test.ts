import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { readCrl } from '../../../src-main/station/ca/index.ts';
import type { CrlBuilder } from '../../../src-main/station/publication/index.ts';
import { TestCrls } from '../../support/crl-scope.ts';

const hour = 3_600_000;
let here: TestCrls;
let crls: CrlBuilder;
beforeEach(() => {
  here = new TestCrls(3);
  crls = here.builder();
});
afterEach(() => {
  here.dispose();
});
const listed = (): string[] => [...readCrl(crls.newestFile() ?? '').entries()].map(({ serial }) => serial);
const endsIn = (hours: number): string => new Date(here.clock.now() + hours * hour).toISOString();

test('an entry stands in the first CRL after its certificate’s end, and is gone from the next (RFC 5280 3.3)', async () => {
  const [short, long] = [here.certificate({ notAfter: endsIn(2) }), here.certificate()];
  expect(await crls.build()).toMatchObject({ number: 1, entries: 2, added: 2, dropped: 0 });
  here.clock.pass(3 * hour);
  expect(await crls.build()).toMatchObject({ number: 2, entries: 2, added: 0, dropped: 0 });
  expect(listed()).toEqual([short, long]);
  here.clock.pass(1000);
  expect(await crls.build()).toMatchObject({ number: 3, entries: 1, added: 0, dropped: 1 });
  expect(listed()).toEqual([long]);
  expect(here.registry.crls.changes(crls.scope, 0, 3, 10)).toMatchObject({
    added: [
      { serial: short, number: 1 },
      { serial: long, number: 1 },
    ],
    dropped: [{ serial: short, number: 3 }],
  });
});

test('a certificate that ended before any CRL had its revocation is in one all the same', async () => {
  await crls.build();
  const late = here.certificate({ notAfter: endsIn(1) });
  here.clock.pass(2 * hour);
  await crls.build();
  expect(listed()).toEqual([late]);
  here.clock.pass(1000);
  await crls.build();
  expect(listed()).toEqual([]);
});

test('a clock that was set forward and back loses nothing, and numbers go on', async () => {
  const serial = here.certificate({ notAfter: endsIn(24) });
  await crls.build();
  here.clock.pass(100 * hour);
  await crls.build();
  here.clock.pass(hour);
  await crls.build();
  expect(listed()).toEqual([]);
  // Recorded while the clock was wrong: a list with a revocation in the future is signed by nobody.
  const future = here.certificate();
  here.clock.pass(-101 * hour);
  expect(crls.isDue()).toBe(true);
  expect(await crls.build()).toMatchObject({ number: 4, thisUpdate: endsIn(0) });
  const entries = [...readCrl(crls.newestFile() ?? '').entries()];
  expect(entries.map((entry) => entry.serial)).toEqual([serial, future]);
  expect(entries.every(({ revokedAt }) => Date.parse(revokedAt) <= here.clock.now())).toBe(true);
});

test('each partition has its own list, numbers and distribution point', async () => {
  const serials = [0, 1, 2].map((partition) => here.certificate({ partition }));
  const all = [0, 1, 2].map((partition) => here.builder(partition));
  await all[1]?.build();
  for (const one of all) await one.build();
  const read = all.map((one) => readCrl(one.newestFile() ?? ''));
  expect(read.map(({ number }) => number)).toEqual([1, 2, 1]);
  expect(read.map(({ uri }) => uri)).toEqual([0, 1, 2].map((n) => `http://crl.test.example/crl/device-2/${String(n)}.crl`));
  expect(read.map((crl) => [...crl.entries()].map(({ serial }) => serial))).toEqual(serials.map((serial) => [serial]));
});

test('a registry that was restored from a backup loses no entry, and gives no number again', async () => {
  here.certificate();
  await crls.build();
  const backup = join(here.dir, 'backup.db');
  here.registry.store.sql('VACUUM INTO ?').run(backup);
  const lost = here.certificate();
  await crls.build();
  here.registry.close();
  for (const name of ['station.db', 'station.db-wal', 'station.db-shm']) rmSync(join(here.dir, name), { force: true });
  copyFileSync(backup, join(here.dir, 'station.db'));
  here.reopen();
  crls = here.builder();
  const before = readdirSync(join(here.dir, 'crl'));
  await expect(crls.build()).rejects.toMatchObject({ code: 'CRL_REJECTED', params: { problem: expect.stringContaining(lost) as string } });
  expect(readdirSync(join(here.dir, 'crl'))).toEqual(before);
  expect(here.registry.crls.newest(crls.scope)?.number).toBe(1);
  expect(crls.highestNumber()).toBe(2);
});

test('numbers go on above what a crash left on the disk, and what somebody else has seen', async () => {
  await crls.build();
  copyFileSync(crls.newestFile() ?? '', join(here.dir, 'crl', 'device-2-7.crl'));
  expect((await crls.build()).number).toBe(8);
  expect((await crls.build(20)).number).toBe(21);
});

test('without a session no number is used up; a token that fails leaves nothing behind', async () => {
  await crls.build();
  const before = readdirSync(join(here.dir, 'crl'));
  here.session = new Failure('SESSION_NONE');
  for (let i = 0; i < 3; i++) await expect(crls.build()).rejects.toMatchObject({ code: 'SESSION_NONE' });
  here.session = null;
  expect((await crls.build()).number).toBe(2);
  here.tokenFails = new Failure('TOKEN_ABSENT', { label: 'a', serial: 'b' });
  await expect(crls.build()).rejects.toMatchObject({ code: 'TOKEN_ABSENT' });
  expect(readdirSync(join(here.dir, 'crl'))).toEqual([...before, 'device-2-2.crl']);
  here.tokenFails = null;
  expect((await crls.build()).number).toBe(4);
});

test('every CRL that ever was can be written again, bit for bit, and only the newest are files', async () => {
  const written = new Map<number, Buffer>();
  for (let i = 0; i < 24; i++) {
    here.certificate({ notAfter: endsIn(i % 3 === 0 ? 4 : 400) });
    if (i % 4 === 0) here.certificate({ partition: 1 });
    const { number } = await crls.build();
    written.set(number, readFileSync(crls.newestFile() ?? ''));
    here.clock.pass(hour);
  }
  expect(crls.files()).toHaveLength(16);
  const path = join(here.dir, 'again.crl');
  for (const [number, bytes] of written) {
    await crls.writeAgain(number, path);
    expect(readFileSync(path)).toEqual(bytes);
  }
  await expect(crls.writeAgain(99, path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
