import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RevocationView, SlotView } from '../../../src-main/contract/index.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
});
afterAll(() => station.dispose());

const effective = async (...serials: string[]): Promise<RevocationView[]> => {
  const rows = async (): Promise<RevocationView[]> =>
    (await station.call('revocations.list', {})).rows.filter((row) => serials.includes(row.serial));
  await expect.poll(async () => (await rows()).map((row) => row.state)).toEqual(serials.map(() => 'EFFECTIVE'));
  return rows();
};
const passed = async (slot: number): Promise<SlotView & { device: string }> => {
  const view = await station.run(slot);
  expect(view).toMatchObject({ state: 'PASS' });
  return { ...view, device: view.device ?? '' };
};
const serialOf = async (device: string): Promise<string> =>
  (await station.call('certificates.list', { search: device })).rows[0]?.serial ?? '';

test('a revocation goes RECORDED → PUBLISHED → EFFECTIVE, ends the live session, and the unit is refused', async () => {
  const { device } = await passed(1);
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ device, connected: true });
  const states: string[] = [];
  const off = station.on('revocation.changed', (view) => void states.push(view.state));
  const before = (await station.call('station.status', {})).crl?.number ?? 0;
  const [recorded] = await station.call('revocations.revoke', { selector: { device }, reason: 'keyCompromise', note: 'stolen' });
  expect(recorded).toMatchObject({ device, reason: 'keyCompromise', note: 'stolen', operator: 'command line' });
  const [end] = await effective(recorded?.serial ?? '');
  off();
  expect(states).toEqual(['RECORDED', 'PUBLISHED', 'EFFECTIVE']);
  expect(end?.crlNumber).toBe(before + 1);
  expect(end?.liveSessionGoneMs).toBeGreaterThan(0);
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ device, connected: false });
  // Asked again it is the same revocation, not a second one.
  expect(await station.call('revocations.revoke', { selector: { device }, reason: 'superseded' })).toMatchObject([
    { reason: 'keyCompromise', state: 'EFFECTIVE' },
  ]);
  expect(await station.problems()).toEqual([]);
});

test('what is revoked at the same moment shares a CRL', async () => {
  const units = [await passed(1), await passed(2)];
  const [one, two] = await Promise.all(
    units.map(({ device }) => station.call('revocations.revoke', { selector: { device }, reason: 'superseded' })),
  );
  const ends = await effective(one?.[0]?.serial ?? '', two?.[0]?.serial ?? '');
  // The first may be on its way already when the second is recorded; never more than one CRL apart.
  const numbers = ends.map((end) => end.crlNumber ?? 0);
  expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1);
  const { device } = await passed(1);
  const again = await passed(2);
  await station.call('sessions.close', {});
  const late = [device, again.device];
  for (const name of late)
    expect(await station.call('revocations.revoke', { selector: { device: name }, reason: 'superseded' })).toMatchObject([
      { state: 'RECORDED' },
    ]);
  await station.call('publication.settle', {});
  const serials = await Promise.all(late.map(serialOf));
  const waiting = (await station.call('revocations.list', {})).rows.filter((row) => serials.includes(row.serial));
  expect(waiting.map((row) => row.state)).toEqual(['RECORDED', 'RECORDED']);
  const { alarms } = await station.call('station.status', {});
  expect(alarms.map((alarm) => alarm.failure.code)).toEqual(expect.arrayContaining([expect.stringMatching(/^SESSION_/u)]));
  // A session for revocation lists alone is enough, and lets both out in one CRL.
  await station.openSession({ kind: 'crl-only' });
  const [a, b] = await effective(...serials);
  expect(a?.crlNumber).toBe(b?.crlNumber);
  expect(await station.problems()).toEqual([]);
  await station.call('sessions.close', {});
  await station.openSession();
});

test('openssl agrees: good certificates verify with the exported CRL, revoked ones are revoked', async () => {
  const good = await passed(1);
  const bad = await passed(2);
  const [revoked] = await station.call('revocations.revoke', { selector: { device: bad.device }, reason: 'keyCompromise' });
  await effective(revoked?.serial ?? '');
  const folder = mkdtempSync(join(tmpdir(), 'birthmark-export-'));
  const files = await station.call('export.pem', {});
  for (const { name, pem } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), pem);
  }
  const verify = (name: string): string => {
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslclient',
      '-crl_check',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'issuer.pem',
      '-CRLfile',
      'crl.pem',
      name,
    ];
    const { stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    return stdout + stderr;
  };
  const fileOf = (device: string): string => files.find(({ name }) => name.includes(device.replace('/', '-')))?.name ?? '';
  expect(verify(fileOf(good.device))).toMatch(/: OK$/mu);
  expect(verify(fileOf(bad.device))).toContain('certificate revoked');
  const crl = execFileSync('openssl', ['crl', '-in', 'crl.pem', '-noout', '-text'], { cwd: folder, encoding: 'utf8' });
  expect(crl).toContain((await serialOf(bad.device)).toUpperCase());
  expect(crl).toContain('Key Compromise');
  rmSync(folder, { recursive: true });
});

test('a CRL asked for by hand has the next number, and needs a session', async () => {
  const before = (await station.call('station.status', {})).crl?.number ?? 0;
  expect(await station.call('crl.publish', {})).toMatchObject({ number: before + 1, publishedAt: expect.any(String) as string });
  await station.call('sessions.close', {});
  await expect(station.call('crl.publish', {})).rejects.toMatchObject({ code: expect.stringMatching(/^SESSION_/u) as string });
  expect((await station.call('crl.history', {})).rows.map((crl) => crl.number).slice(0, 2)).toEqual([before + 1, before]);
  await station.openSession();
});
