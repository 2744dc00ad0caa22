import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crlToPem, readCrl } from '../../../src-main/station/ca/index.ts';
import { adoptCrl, IncomingCrl, type CrlBuilder } from '../../../src-main/station/publication/index.ts';
import { TestCrls } from '../../support/crl-scope.ts';

let here: TestCrls;
let crls: CrlBuilder;
beforeEach(() => {
  here = new TestCrls(2);
  crls = here.builder();
});
afterEach(() => here.dispose());

const newest = (): Buffer => readFileSync(crls.newestFile() ?? '');
const listed = (): string[] => Array.from(readCrl(newest()).entries(), ({ serial }) => serial).sort();
const adopt = (bytes: Buffer, dryRun = false) =>
  adoptCrl(
    { registry: here.registry, builders: [crls, here.builder(1)], now: here.clock.now() },
    { bytes, note: 'restored', actor: 'Olga', dryRun },
  );
/** The registry as it was when `copy` was made; the files stay. */
function restore(): void {
  here.registry.close();
  for (const name of ['station.db', 'station.db-wal', 'station.db-shm']) rmSync(join(here.dir, name), { force: true });
  copyFileSync(join(here.dir, 'backup.db'), join(here.dir, 'station.db'));
  here.reopen();
  crls = here.builder();
}
const copy = (): unknown => here.registry.store.sql('VACUUM INTO ?').run(join(here.dir, 'backup.db'));
const check = (bytes: Buffer): unknown => {
  try {
    return adopt(bytes);
  } catch (thrown) {
    return (thrown as { params?: { check?: string } }).params?.check;
  }
};

test('what a list in force revokes and a restored registry does not know comes in with its reason and time; then a list with all of it is made', async () => {
  const [old, good, short] = [
    here.certificate(),
    here.certificate({ revoked: false }),
    here.certificate({ revoked: false, notAfter: '2026-06-02T00:00:00.000Z' }),
  ];
  await crls.build();
  copy();
  here.clock.pass(5000);
  const later = here.certificate();
  here.registry.certificates.revoke(good, 'keyCompromise', 'found in a bin', 'Ben');
  here.revoke(short);
  await crls.build();
  const [list, all] = [newest(), listed()];
  expect(all).toEqual([old, good, short, later].sort());
  restore();
  // Meanwhile one of them has ended.
  here.clock.ms = Date.parse('2026-06-02T08:00:00.000Z');
  await expect(crls.build()).rejects.toMatchObject({ code: 'CRL_REJECTED' });

  const would = adopt(list, true);
  expect(would).toMatchObject({ dryRun: true, adopted: 3, others: 0, lists: [{ partition: 0, number: 2, adopted: 3 }] });
  expect(here.registry.revocations.get(good)).toBeNull();
  const done = adopt(list);
  expect({ ...done, dryRun: true }).toEqual(would);
  const times = new Map(Array.from(readCrl(list).entries(), (entry) => [entry.serial, entry]));
  for (const [serial, device] of [
    [good, /^acme\//u],
    [later, /^unknown\/[0-9A-F]{40}$/u],
  ] as const) {
    const row = here.registry.revocations.get(serial);
    expect(row).toMatchObject({
      reason: times.get(serial)?.reason,
      recordedAt: times.get(serial)?.revokedAt,
      note: 'restored',
      operator: 'Olga',
    });
    expect(row?.device).toMatch(device);
    expect(here.registry.certificates.get(serial)?.status).toBe('REVOKED');
  }
  expect(here.registry.certificates.get(short)?.status).toBe('REVOKED');
  expect(done.entries.find(({ serial }) => serial === later)?.device).toBeNull();

  // The build that was refused has used up number 3.
  expect((await crls.build()).number).toBe(4);
  expect(listed()).toEqual(all);
  here.clock.pass(1000);
  await crls.build();
  // The one that had ended has been in a list since, and leaves; nobody else ever does.
  expect(listed()).toEqual(all.filter((serial) => serial !== short));
  expect(adopt(newest())).toMatchObject({ adopted: 0, entries: [] });
  const audited = here.registry.store.db
    .prepare<unknown[], Record<string, unknown>>("SELECT subject, actor FROM audit WHERE action = 'certificate.adopt'")
    .all();
  expect(audited.map(({ subject }) => subject).sort()).toEqual([good, short, later].sort());
  expect(here.registry.store.auditProblems().problems).toEqual([]);
});

test('numbers go on above the list that was adopted, also where no file of it is here', async () => {
  await crls.build();
  copy();
  for (let i = 0; i < 4; i++) await crls.build();
  const list = newest();
  restore();
  for (const number of [2, 3, 4, 5]) rmSync(join(here.dir, 'crl', `device-2-${String(number)}.crl`));
  expect(adopt(list)).toMatchObject({ adopted: 0, lists: [{ number: 5 }] });
  expect((await crls.build()).number).toBe(6);
});

test('a list that is not the newest of this station’s own is refused by the name of the check, and nothing is recorded', async () => {
  const serial = here.certificate({ revoked: false });
  await crls.build();
  const first = newest();
  here.revoke(serial);
  await crls.build();
  const second = newest();
  const stranger = new TestCrls();
  stranger.certificate();
  await stranger.builder().build();
  const others = readFileSync(stranger.builder().newestFile() ?? '');
  const before = here.registry.store.auditHead();

  expect(check(first)).toBe('number');
  expect(check(Buffer.from(`${crlToPem(second)}${crlToPem(first)}`))).toBe('number');
  // Of another CA with the same name.
  expect(check(others)).toBe('signature');
  const damaged = Buffer.from(second);
  damaged[second.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  expect(check(damaged)).toBe('signature');
  for (const bytes of [
    second.subarray(0, -1),
    Buffer.concat([second, Buffer.from([0])]),
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.from(crlToPem(second).slice(0, -30)),
  ])
    expect(check(bytes)).toBe('file');
  here.clock.pass(-3_600_000);
  expect(check(second)).toBe('time');
  here.clock.pass(3_600_000);
  const elsewhere = adoptCrl(
    { registry: stranger.registry, builders: [stranger.builder()], now: here.clock.now() },
    { bytes: Buffer.from(crlToPem(others)), note: 'x', actor: 'x', dryRun: false },
  );
  expect(elsewhere).toMatchObject({ adopted: 0 });
  stranger.dispose();
  expect(here.registry.store.auditHead()).toEqual(before);
});

test('a file comes in pieces, in order, and is put away', () => {
  const incoming = new IncomingCrl(here.dir);
  expect(() => incoming.read()).toThrow(expect.objectContaining({ code: 'CRL_NOT_ADOPTED' }) as Error);
  expect(incoming.take(0, Buffer.from('one '))).toBe(4);
  expect(() => incoming.take(3, Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'CRL_NOT_ADOPTED' }) as Error);
  expect(incoming.take(4, Buffer.from('two'))).toBe(7);
  expect(incoming.read().toString()).toBe('one two');
  expect(incoming.take(0, Buffer.from('new'))).toBe(3);
  expect(incoming.read().toString()).toBe('new');
  incoming.clear();
  expect(() => incoming.read()).toThrow(expect.objectContaining({ code: 'CRL_NOT_ADOPTED' }) as Error);
});
