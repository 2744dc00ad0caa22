import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryOutPin } from '../../../src-main/contract/index.ts';
import { answersPin, ceremonyFile } from '../../support/ceremony.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { TestStation } from '../../support/station.ts';

const work = new WorkFolder();
let station: TestStation;
const token = { label: 'Birthmark try-out' };

beforeAll(async () => {
  station = await TestStation.tryOut(2);
  answersPin(station, tryOutPin);
});
afterAll(async () => {
  await station.dispose();
  work.remove();
});

async function ceremony(authorities: Record<string, unknown>[]): Promise<void> {
  await station.call('sessions.close', {});
  await station.call('ceremony.start', { text: ceremonyFile({ token, authorities }) });
  expect(await station.call('ceremony.continue', {})).toMatchObject({ state: 'done' });
  await station.openSession();
}

const states = async (): Promise<string[]> =>
  (await station.call('issuers.list', {})).issuers.map(({ kind, state, subject }) => `${kind} ${state} ${subject}`).sort();
const issuerOf = async (device: string | null): Promise<string | undefined> => {
  const [row] = (await station.call('certificates.list', { search: device ?? '' })).rows;
  const { issuers } = await station.call('issuers.list', {});
  return issuers.find(({ id }) => id === row?.issuer)?.subject;
};

/** By what `birthmark export` writes. */
async function verifies(device: string | null, flags: readonly string[]): Promise<string> {
  const files = await station.call('export.pem', {});
  for (const { name, pem } of files) work.write(name.replace(/\//gu, '-'), pem);
  const named = (pattern: RegExp): string[] => files.filter(({ name }) => pattern.test(name)).map(({ pem }) => pem);
  work.write('roots.pem', named(/^root\.pem$|root-/u).join(''));
  work.write('cas.pem', named(/^issuer\.pem$|issuers\//u).join(''));
  work.write('crls.pem', named(/^crl\.pem$|^crls\//u).join(''));
  const leaf = files.find(({ name }) => name.startsWith(`certificates/${(device ?? '').replace('/', '-')}-`));
  work.write('leaf.pem', leaf?.pem ?? '');
  return work.openssl('verify', ...flags, '-CAfile', 'roots.pem', '-untrusted', 'cas.pem', '-CRLfile', 'crls.pem', 'leaf.pem').text;
}
/** By GnuTLS, with what `verifies` wrote before. */
function certtool(): string {
  work.write('chain.pem', ['leaf.pem', 'cas.pem'].map((name) => readFileSync(work.path(name), 'utf8')).join(''));
  const given = ['--load-ca-certificate', 'roots.pem', '--load-crl', 'crls.pem', '--infile', 'chain.pem'];
  return work.run('certtool', '--verify', '--verify-purpose', '1.3.6.1.5.5.7.3.2', ...given).text;
}
const strict = ['-x509_strict', '-purpose', 'sslclient', '-crl_check_all'];

test('only an officer begins a ceremony on a station that is set up, and not while a session is open', async () => {
  const text = ceremonyFile({ token, authorities: [{ role: 'issuing', commonName: 'X' }] });
  await station.call('ceremony.start', { text });
  await expect(station.call('ceremony.continue', {})).rejects.toMatchObject({ code: 'SESSION_OPEN' });
  // It has made nothing: another takes its place, and it can be given up.
  await station.call('ceremony.start', { text: text.replace('"X"', '"Y"') });
  expect(await station.call('ceremony.abandon', {})).toMatchObject({ state: 'abandoned' });
  await expect(station.call('ceremony.continue', {})).rejects.toMatchObject({ code: 'CEREMONY_NONE' });
  const taken = ceremonyFile({ token, authorities: [{ role: 'issuing', commonName: 'Try-out station device CA' }] });
  await expect(station.call('ceremony.start', { text: taken })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a new issuing CA takes over, then a new root; what the old ones issued works on, and can be revoked', async () => {
  const first = await station.run(1);
  expect(first).toMatchObject({ state: 'PASS' });

  await ceremony([{ role: 'issuing', commonName: 'Device CA 2', algorithm: 'ec-p384' }]);
  expect(await states()).toEqual([
    'issuing active Device CA 2',
    'issuing retiring Try-out station device CA',
    'root active Try-out station root',
    'server active Try-out station server CA',
  ]);
  const { broker } = await station.call('station.status', {});
  expect(broker).toMatchObject({ state: 'up', canary: { revokedRefused: true, goodAccepted: true }, failure: null });
  // The canaries are the new issuer's own: the broker's refusal proves that its list is in force.
  const canary = readFileSync(join(station.dataDir, 'secrets', 'revoked-canary.crt.pem'));
  work.write('canary.pem', canary);
  expect(work.openssl('x509', '-in', 'canary.pem', '-noout', '-issuer').text).toContain('Device CA 2');

  const second = await station.run(2);
  expect(second).toMatchObject({ state: 'PASS' });
  expect([await issuerOf(first.device), await issuerOf(second.device)]).toEqual(['Try-out station device CA', 'Device CA 2']);
  for (const { device } of [first, second]) expect(await verifies(device, strict)).toBe('leaf.pem: OK\n');
  // On the broker itself, each with its own key.
  for (const slot of [1, 2]) expect(await station.call('verify.unit', { slot })).toMatchObject({ connected: true });

  await ceremony([
    { role: 'root', commonName: 'Root 2', algorithm: 'rsa-3072' },
    { role: 'issuing', commonName: 'Device CA 3', algorithm: 'rsa-4096' },
  ]);
  expect(await states()).toEqual([
    'issuing active Device CA 3',
    'issuing retiring Device CA 2',
    'issuing retiring Try-out station device CA',
    'root active Root 2',
    'root retiring Try-out station root',
    'server active Try-out station server CA',
  ]);
  await station.unplug(2);
  const third = await station.run(2);
  // The broker still has its certificate from the old root: the new unit knows both, and was proven on the broker.
  expect(third).toMatchObject({ state: 'PASS' });
  expect(await issuerOf(third.device)).toBe('Device CA 3');
  // By keys of P-256, P-384 and RSA-4096, the last under a root of RSA-3072.
  for (const { device } of [first, second, third]) {
    expect(await verifies(device, strict)).toBe('leaf.pem: OK\n');
    expect(certtool()).toContain('The certificate is trusted');
  }
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: true });

  // The oldest issuer signs no certificate any more, and still a list.
  const row = (await station.call('certificates.list', { search: first.device ?? '' })).rows[0];
  await station.call('revocations.revoke', { selector: { serial: row?.serial ?? '' }, reason: 'keyCompromise' });
  const state = async (): Promise<string | undefined> =>
    (await station.call('revocations.list', { search: first.device ?? '' })).rows[0]?.state;
  await expect.poll(state).toBe('EFFECTIVE');
  expect(await station.call('verify.unit', { slot: 1 })).toMatchObject({ connected: false });
  expect(await station.call('verify.unit', { slot: 2 })).toMatchObject({ connected: true });
  expect(await verifies(first.device, strict)).toContain('certificate revoked');
  expect(certtool()).toContain('revoked');
  expect(await verifies(third.device, strict)).toBe('leaf.pem: OK\n');

  const newest = (await station.call('certificates.list', { search: third.device ?? '' })).rows[0]?.serial ?? '';
  await station.call('revocations.revoke', { selector: { serial: newest }, reason: 'superseded' });
  await station.call('publication.settle', {});
  expect(await verifies(third.device, strict)).toContain('certificate revoked');
  expect(certtool()).toContain('revoked');
  expect(await verifies(second.device, strict)).toBe('leaf.pem: OK\n');

  // After a restart nothing is forgotten.
  await station.reopen();
  const { broker: again } = await station.call('station.status', {});
  expect(again).toMatchObject({ state: 'up', canary: { revokedRefused: true, goodAccepted: true }, failure: null });
  expect(await station.problems()).toEqual([]);
});
