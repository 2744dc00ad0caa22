import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAs, type BrokerEndpoint, type TlsIdentity } from '../../../src-main/station/verify/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
let station: TestStation;
let device: string;
let old: string;
beforeAll(async () => {
  station = await TestStation.tryOut(2);
  const view = await station.run(1);
  expect(view.state).toBe('PASS');
  device = view.device ?? '';
  old = (await station.call('certificates.list', { search: device })).rows[0]?.serial ?? '';
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

async function endpoint(): Promise<BrokerEndpoint> {
  const { port } = (await station.call('broker.status', {})) ?? { port: 0 };
  const root = (await station.call('export.pem', {})).find(({ name }) => name === 'root.pem');
  return { host: '127.0.0.1', port, serverName: 'localhost', serverCaPem: root?.pem ?? '' };
}
const identity = (name: string, certificatePem: string): TlsIdentity => ({
  certificatePem,
  keyPem: readFileSync(work.path(`${name}.key`), 'utf8'),
});
/** Does the broker let this certificate in, and may it publish on the device's own topic? */
async function works(who: TlsIdentity): Promise<void> {
  const connection = await connectAs(await endpoint(), who);
  await connection.close();
}
const status = async (serial: string): Promise<string> => (await station.call('certificates.get', { serial })).status;

test('renewing early needs a reason; what is refused changes nothing', async () => {
  const csr = work.request('early');
  const refusal = await failureOf(station.call('rotation.begin', { device, csr }));
  expect(refusal).toMatchObject({ code: 'RENEWAL_TOO_EARLY', params: { window: 30 } });
  expect(refusal.params['daysLeft']).toBeGreaterThan(300);
  const asked = { device, override: 'key may be known' };
  expect((await failureOf(station.call('rotation.begin', { ...asked, csr: Buffer.from('nonsense') }))).code).toBe('INVALID_INPUT');
  const cut = csr.subarray(0, -1);
  expect((await failureOf(station.call('rotation.begin', { ...asked, csr: cut }))).code).toBe('CSR_NOT_DER');
  expect((await failureOf(station.call('rotation.begin', { ...asked, device: 'acme/unknown', csr }))).code).toBe('NOT_FOUND');
  expect((await station.call('certificates.list', { search: device })).total).toBe(1);
});

test('both certificates work in the grace period; when it is ended the old one is refused and the new one goes on', async () => {
  const csr = work.request('new');
  const pem = `text before it\r\n-----BEGIN NEW CERTIFICATE REQUEST-----\r\n${csr.toString('base64').replace(/.{64}/gu, '$&\r\n')}\r\n-----END NEW CERTIFICATE REQUEST-----`;
  const begun = Date.now();
  const rotated = await station.call('rotation.begin', { device, csr: Buffer.from(pem), graceHours: 2, override: 'test' });
  expect(rotated.replaces).toBe(old);
  expect(Math.abs(Date.parse(rotated.graceUntil) - begun - 2 * 3_600_000)).toBeLessThan(60_000);
  expect([await status(old), await status(rotated.serial)]).toEqual(['ROTATING', 'ACTIVE']);
  await station.call('publication.settle', {});

  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ device, connected: true });
  await works(identity('new', rotated.pem));
  expect(await failureOf(station.call('rotation.begin', { device, csr: work.request('third'), override: 'x' }))).toMatchObject({
    code: 'ROTATION_REFUSED',
    params: { problem: expect.stringContaining(rotated.graceUntil) as string },
  });
  expect(await station.problems()).toEqual([]);

  await station.call('rotation.end', { serial: old });
  await expect
    .poll(async () => (await station.call('revocations.list', { search: old })).rows[0])
    .toMatchObject({ state: 'EFFECTIVE', reason: 'superseded' });
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ device, connected: false });
  await works(identity('new', rotated.pem));
  expect((await failureOf(station.call('rotation.end', { serial: old }))).code).toBe('ROTATION_REFUSED');
  expect(await station.problems()).toEqual([]);

  work.write('new.pem', rotated.pem);
  for (const { name, pem: text } of await station.call('export.pem', {}))
    if (['root.pem', 'issuer.pem', 'crl.pem'].includes(name)) work.write(name, text);
  const verify = (file: string): string =>
    work.openssl(
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
      file,
    ).text;
  expect(verify('new.pem')).toBe('new.pem: OK\n');
  work.write('old.pem', (await station.call('certificates.get', { serial: old })).pem ?? '');
  expect(verify('old.pem')).toContain('certificate revoked');
});

test('the grace period ends early when the device says on its own topic, with its new key, that it uses the new certificate', async () => {
  const csr = work.request('seen');
  const rotated = await station.call('rotation.begin', { device, csr, endWhenSeen: true, override: 'test' });
  await station.call('publication.settle', {});
  expect((await station.call('rotation.list', {})).rows).toMatchObject([
    { device, serial: rotated.replaces, successor: rotated.serial, endsWhenSeen: true, seenAt: null },
  ]);
  const topic = `tenant/${device.replace('/', '/device/')}/certificates/in-use`;
  const say = async (who: TlsIdentity, signer: string): Promise<void> => {
    const connection = await connectAs(await endpoint(), who);
    const text = Buffer.from(`birthmark certificate in use\n${device}\n${rotated.serial}\n`);
    const signature = sign('sha256', text, readFileSync(work.path(`${signer}.key`))).toString('base64');
    await connection.publish(topic, JSON.stringify({ serial_number: rotated.serial, signature }));
    await connection.close();
  };
  const before = identity('new', (await station.call('certificates.get', { serial: rotated.replaces })).pem ?? '');
  const now = identity('seen', rotated.pem);
  // Both are let in under one name; only the new key's word counts.
  await say(before, 'new');
  await expect.poll(() => station.log.join('\n')).toContain('the signature is not by the new key');
  expect(await status(rotated.replaces)).toBe('ROTATING');
  await say(now, 'seen');
  await expect
    .poll(async () => (await station.call('revocations.list', { search: rotated.replaces })).rows[0])
    .toMatchObject({ state: 'EFFECTIVE', reason: 'superseded', note: 'its successor was seen', operator: device });
  expect((await failureOf(connectAs(await endpoint(), before))).code).toBe('CERTIFICATE_REVOKED');
  await works(now);
  expect((await station.call('rotation.list', {})).total).toBe(0);
  expect(await station.problems()).toEqual([]);
});

test('another device’s key is refused', async () => {
  const other = await station.run(2);
  const used = readFileSync(work.path('new.key'));
  work.write('used.key', used);
  const csr = work.bytes('req', '-new', '-key', work.path('used.key'), '-subj', '/CN=x', '-outform', 'DER');
  expect((await failureOf(station.call('rotation.begin', { device: other.device ?? '', csr, override: 'x' }))).code).toBe('KEY_REUSED');
});

test('a grace period that ended while the station was off is ended when it comes back', async () => {
  const { serial } = (await station.call('certificates.list', { search: device, status: 'ACTIVE' })).rows[0] ?? { serial: '' };
  await station.call('rotation.begin', { device, csr: work.request('last'), graceHours: 1, override: 'x' });
  await station.stop();
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(join(station.dataDir, 'station.db'));
  db.prepare('UPDATE certificates SET grace_until = ? WHERE serial = ?').run(new Date(Date.now() - 1000).toISOString(), serial);
  db.close();
  await station.reopen();
  await expect.poll(() => status(serial)).toBe('REVOKED');
  expect((await station.call('revocations.list', { search: serial })).rows[0]).toMatchObject({
    reason: 'superseded',
    note: 'its grace period is over',
  });
});

test('what ended while the station was off is marked when it comes back; revoking it is refused in words', async () => {
  const { serial } = (await station.call('certificates.list', { search: device, status: 'ACTIVE' })).rows[0] ?? { serial: '' };
  await station.stop();
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(join(station.dataDir, 'station.db'));
  const notAfter = new Date(Date.now() - 1000).toISOString();
  db.prepare('UPDATE certificates SET not_after = ? WHERE serial = ?').run(notAfter, serial);
  db.close();
  await station.reopen();
  expect(await status(serial)).toBe('EXPIRED');
  expect(await failureOf(station.call('revocations.revoke', { selector: { serial }, reason: 'keyCompromise' }))).toMatchObject({
    code: 'REVOCATION_TOO_LATE',
    params: { serial, notAfter },
  });
  expect(await failureOf(station.call('rotation.begin', { device, csr: work.request('late'), override: 'x' }))).toMatchObject({
    code: 'ROTATION_REFUSED',
    params: { problem: expect.stringContaining(notAfter) as string },
  });
});
