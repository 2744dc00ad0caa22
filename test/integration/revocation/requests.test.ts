import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadIdentity } from '../../../src-main/station/setup/index.ts';
import { writeRequestFile } from '../../../src-main/station/revocation/request-file.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';

/** `owner` has issued the certificate of a device; `asker` has found the device. Their roots are not the same. */
let owner: TestStation;
let asker: TestStation;
let device: string;
let serial: string;
let pem: string;
beforeAll(async () => {
  [owner, asker] = [await TestStation.tryOut(2), await TestStation.tryOut(1)];
  device = (await owner.run(1)).device ?? '';
  serial = (await owner.call('certificates.list', { search: device })).rows[0]?.serial ?? '';
  pem = (await owner.call('certificates.get', { serial })).pem ?? '';
});
afterAll(async () => {
  await owner.dispose();
  await asker.dispose();
});

const ask = async (certificate: string) =>
  asker.call('requests.create', { certificate: Buffer.from(certificate), reason: 'keyCompromise', note: 'found in a bin' });
const invalid = async (promise: Promise<unknown>): Promise<string> => {
  const { code, params } = await failureOf(promise);
  expect(code).toBe('REQUEST_INVALID');
  return String(params['problem']);
};

test('a request goes to the owner, who revokes, and the answer comes back; nothing is revoked by who asks', async () => {
  const sent = await ask(pem);
  expect(sent.request).toMatchObject({ direction: 'sent', serial, subject: device, state: 'REQUESTED', reason: 'keyCompromise' });
  expect((await asker.call('revocations.list', {})).total).toBe(0);

  const received = await owner.call('requests.import', { text: sent.text });
  expect(received).toMatchObject({
    direction: 'received',
    serial,
    subject: device,
    state: 'REQUESTED',
    note: 'found in a bin',
    proven: false,
  });
  expect(await owner.call('requests.import', { text: sent.text })).toEqual(received);
  expect((await owner.call('requests.list', { open: true })).total).toBe(1);
  expect((await owner.call('certificates.get', { serial })).status).toBe('ACTIVE');

  const answered = await owner.call('requests.answer', { id: received.id, accept: true, note: 'thank you' });
  expect(answered.request).toMatchObject({ state: 'ACCEPTED', answer: 'thank you' });
  await expect
    .poll(async () => (await owner.call('revocations.list', { search: serial })).rows[0])
    .toMatchObject({ state: 'EFFECTIVE', reason: 'keyCompromise', note: 'asked for by Try-out station: found in a bin' });
  expect(await invalid(owner.call('requests.answer', { id: received.id, accept: false }))).toMatch(/answered already/u);

  expect(await asker.call('requests.import', { text: answered.text })).toMatchObject({
    state: 'ACCEPTED',
    answeredBy: 'command line, Try-out station',
    answer: 'thank you',
  });
  expect((await asker.call('requests.import', { text: answered.text })).state).toBe('ACCEPTED');
  expect((await asker.call('requests.list', { open: true })).total).toBe(0);
  expect((await owner.call('requests.export', { id: received.id })).text.length).toBeGreaterThan(100);
  expect([...(await owner.problems()), ...(await asker.problems())]).toEqual([]);
});

test('what is ours, what is nobody’s, and what was changed on the way is refused', async () => {
  expect(
    (await failureOf(owner.call('requests.create', { certificate: Buffer.from(pem), reason: 'superseded' }))).params['problem'],
  ).toMatch(/revoke it here/u);
  expect((await failureOf(asker.call('requests.create', { certificate: Buffer.from('x'), reason: 'superseded' }))).code).toBe(
    'INVALID_INPUT',
  );
  const { fingerprint256 } = new X509Certificate(pem);
  const sent = await asker.call('requests.create', { fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(), reason: 'superseded' });
  expect(sent.request).toMatchObject({ serial: null, subject: null });
  const unknown = await asker.call('requests.create', { fingerprint: 'ab'.repeat(32), reason: 'superseded' });
  expect((await failureOf(owner.call('requests.import', { text: unknown.text }))).code).toBe('NOT_FOUND');
  expect(await invalid(owner.call('requests.import', { text: sent.text.replace('superseded', 'keyCompromise') }))).toMatch(/hash/u);
  expect(await invalid(owner.call('requests.import', { text: sent.text.slice(0, -20) }))).toMatch(/JSON/u);
  expect(await invalid(owner.call('requests.import', { text: '{}' }))).not.toBe('');
  const parsed = JSON.parse(sent.text) as { signature: string; body: object };
  const forged = { ...parsed, signature: Buffer.from('no signature').toString('base64') };
  expect(await invalid(owner.call('requests.import', { text: JSON.stringify(forged) }))).toMatch(/signature/u);
  expect((await owner.call('requests.import', { text: sent.text })).serial).toBe(serial);
});

test('only the owner of the issuer can answer: not the asker itself, not a device of the owner', async () => {
  const other = (await owner.run(2)).device ?? '';
  const row = (await owner.call('certificates.list', { search: other })).rows[0];
  const certificate = (await owner.call('certificates.get', { serial: row?.serial ?? '' })).pem ?? '';
  const { request, text } = await ask(certificate);
  const body = {
    id: request.id,
    station: 'Try-out station',
    operator: 'command line',
    answeredAt: new Date().toISOString(),
    accepted: true,
    note: '',
    fingerprint: request.fingerprint,
    serial: request.serial ?? '',
    certificate,
  };
  // Signed by a key with another station's certificate, and by the asker's canary.
  for (const name of ['observer', 'good-canary'] as const) {
    const forged = writeRequestFile('birthmark-revocation-answer', body, loadIdentity(asker.dataDir, name));
    expect(await invalid(asker.call('requests.import', { text: forged }))).toMatch(/not signed by the station/u);
  }
  await owner.call('requests.import', { text });
  const refused = await owner.call('requests.answer', { id: request.id, accept: false, note: 'it is in use' });
  expect(await asker.call('requests.import', { text: refused.text })).toMatchObject({ state: 'REFUSED', answer: 'it is in use' });
  expect((await owner.call('certificates.get', { serial: row?.serial ?? '' })).status).toBe('ACTIVE');
  const second = writeRequestFile('birthmark-revocation-answer', body, loadIdentity(owner.dataDir, 'observer'));
  expect(await invalid(asker.call('requests.import', { text: second }))).toMatch(/another answer/u);
});
