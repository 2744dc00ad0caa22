import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { ModuleConfig } from '../../../src-main/contract/index.ts';
import { answersPin, base64, ceremonyFile, customers, pin, requestOf } from '../../support/ceremony.ts';
import { CustomerCa } from '../../support/customer-ca.ts';
import { TestStation } from '../../support/station.ts';
import { makeNssDatabase, makeSoftHsmToken, softoknPath } from '../../support/token-made.ts';
import { makeTokenFolder } from '../../support/token.ts';

const ca = new CustomerCa();
const removals: (() => void)[] = [() => ca.remove()];
let station: TestStation | null = null;
afterEach(async () => {
  await station?.dispose();
  station = null;
});
afterAll(() => {
  for (const remove of removals) remove();
});

interface Given {
  readonly module: ModuleConfig;
  readonly token: { readonly label: string; readonly model?: string };
}

function softHsm(): Given {
  const folder = makeTokenFolder();
  removals.push(folder.remove);
  makeSoftHsmToken(folder.module.env?.['SOFTHSM2_CONF'] ?? '', 'Line 2 HSM', pin);
  return { module: folder.module, token: { label: 'Line 2 HSM', model: 'SoftHSM v2' } };
}

function nss(): Given {
  const { dir, initString } = makeNssDatabase(pin);
  removals.push(() => rmSync(dir, { recursive: true, force: true }));
  return { module: { path: softoknPath(), initString, env: {} }, token: { label: 'NSS Certificate DB' } };
}

test.each([
  ['SoftHSM, P-384 keys below an RSA root and an intermediate', softHsm, 'ec-p384'],
  ['NSS, RSA-3072 keys', nss, 'rsa-3072'],
] as const)('a station under a customer’s root, by two officers: %s', async (_, given, algorithm) => {
  const { module, token } = given();
  ca.root('root', { key: ['-newkey', 'rsa:4096'] });
  ca.intermediate('middle', 'root');
  station = new TestStation({ line: 'off' });
  answersPin(station);
  const text = ceremonyFile({
    module,
    token,
    officers: 2,
    authorities: customers(algorithm),
    station: { name: 'Line 2', officers: ['Olga', 'Ben'] },
  });
  await station.call('ceremony.start', { text });
  expect(await station.call('ceremony.continue', {})).toMatchObject({ waits: 'officers', authorities: [{ algorithm }, { algorithm }] });
  const confirm = (name: string, password: string) => station?.call('ceremony.confirm', { name, password });
  await expect(confirm('Eve', 'eve-password')).rejects.toMatchObject({ code: 'CEREMONY_CONFIRM' });
  await confirm('Olga', 'olga-password');
  await expect(confirm('Olga', 'olga-password')).rejects.toMatchObject({ code: 'CEREMONY_CONFIRM' });
  // One is not two: no key is made.
  expect(await station.call('ceremony.continue', {})).toMatchObject({ waits: 'officers' });
  await confirm('Ben', 'ben-password');
  const asked = await station.call('ceremony.continue', {});
  expect(asked).toMatchObject({ waits: 'certificates', requests: [{ role: 'issuing' }, { role: 'server' }] });

  // Days pass, the computer was off.
  await station.reopen();
  answersPin(station);
  const signed = [ca.sign(requestOf(asked, 'issuing'), 'middle'), ca.sign(requestOf(asked, 'server'), 'middle')];
  const bring = (...files: string[]) => station?.call('ceremony.import', { files: base64(...files) });
  await expect(bring(...signed)).rejects.toMatchObject({ code: 'ISSUER_REFUSED', params: { check: 'chain' } });
  await bring([ca.read('root.pem'), signed[1], ca.read('middle.pem'), signed[0]].join('noise\n'));
  const done = await station.call('ceremony.continue', {});
  expect(done).toMatchObject({ state: 'done', waits: null });

  await station.call('operators.signIn', { name: 'Olga', password: 'olga-password' });
  const { issuers, rootCrls } = await station.call('issuers.list', {});
  expect(issuers.map(({ kind, state, above }) => [kind, state, above.length])).toEqual([
    ['issuing', 'active', 2],
    ['server', 'active', 2],
  ]);
  expect(rootCrls.map(({ number }) => number)).toEqual([null, null]);
  // The broker is up and its canaries are right: it knows the CAs and the first list.
  const status = await station.call('station.status', {});
  expect(status.broker).toMatchObject({ state: 'up', canary: { revokedRefused: true, goodAccepted: true } });
  expect(status.alarms.map(({ failure }) => failure.code)).toEqual(['ROOT_CRL_MISSING', 'ROOT_CRL_MISSING']);
  expect((await station.call('operators.list', {})).map(({ name, passwordSet }) => [name, passwordSet])).toEqual([
    ['Olga', true],
    ['Ben', true],
  ]);
  expect(await station.problems()).toEqual([]);

  const importCrl = (pem: string) => station?.call('issuers.importCrl', { file: Buffer.from(pem).toString('base64') });
  const [rootCrl, middleCrl] = [ca.crl('root', '05'), ca.crl('middle', '07')];
  await importCrl(rootCrl);
  expect(await importCrl(middleCrl)).toMatchObject({ number: '7', entries: 0, revoked: [] });
  expect((await station.call('station.status', {})).alarms).toEqual([]);
  const refusals: [string, string][] = [
    ['number', ca.crl('root', '04')],
    ['issuer', (ca.root('other'), ca.crl('other', '01'))],
    ['signature', (ca.root('fake', { subject: '/O=Acme/CN=root' }), ca.crl('fake', '09'))],
    ['list', rootCrl.replace(/\n/u, '\nAAAA')],
  ];
  for (const [check, pem] of refusals)
    await expect(importCrl(pem), check).rejects.toMatchObject({ code: 'ROOT_CRL_REFUSED', params: { check } });

  // What comes out is right for openssl and GnuTLS, with the whole chain's lists.
  for (const { name, pem } of await station.call('export.pem', {})) ca.work.write(name.replace(/^.*\//u, ''), pem);
  const own = readFileSync(`${station.dataDir}/secrets/good-canary.crt.pem`, 'utf8');
  writeFileSync(ca.work.path('canary.pem'), own);
  ca.work.write('crls.pem', [rootCrl, middleCrl, readFileSync(ca.work.path('crl.pem'), 'utf8')].join(''));
  ca.work.write('untrusted.pem', ['issuer.pem', 'intermediates.pem'].map((one) => readFileSync(ca.work.path(one), 'utf8')).join(''));
  const flags = ['-x509_strict', '-purpose', 'sslclient', '-crl_check_all'];
  expect(
    ca.work.openssl('verify', ...flags, '-CAfile', 'root.pem', '-untrusted', 'untrusted.pem', '-CRLfile', 'crls.pem', 'canary.pem').text,
  ).toBe('canary.pem: OK\n');
  ca.work.write('whole.pem', own + readFileSync(ca.work.path('root.pem'), 'utf8'));
  expect(ca.work.run('certtool', '--verify-chain', '--infile', 'whole.pem').text).toContain('Verified. The certificate is trusted.');

  // The customer takes the issuer back: nobody at the station can miss it.
  const serial = ca.work.openssl('x509', '-in', 'issuer.pem', '-noout', '-serial').text.trim().split('=')[1] ?? '';
  expect(await importCrl(ca.crl('middle', '08', { revoked: [serial] }))).toMatchObject({ revoked: [issuers[0]?.id] });
  expect((await station.call('station.status', {})).alarms).toMatchObject([{ level: 'alarm', failure: { code: 'ISSUER_REVOKED' } }]);

  // The record, checked without Birthmark.
  const files = await station.call('ceremony.record', { id: done.id });
  for (const { name, base64: bytes } of files) writeFileSync(ca.work.path(name), Buffer.from(bytes, 'base64'));
  expect(files.map(({ name }) => name)).toContain('transcript.pdf');
  expect(readFileSync(ca.work.path('transcript.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  const hash = algorithm === 'ec-p384' ? '-sha384' : '-sha256';
  for (const role of ['issuing', 'server']) {
    ca.work.write('key.pub', ca.work.openssl('x509', '-in', `${role}.pem`, '-noout', '-pubkey').text);
    expect(ca.work.openssl('dgst', hash, '-verify', 'key.pub', '-signature', `transcript.${role}.sig`, 'transcript.json').text).toBe(
      'Verified OK\n',
    );
  }
  const transcript = readFileSync(ca.work.path('transcript.json'), 'utf8');
  for (const said of ['Olga', 'Ben', 'CKA_EXTRACTABLE', token.label]) expect(transcript).toContain(said);
  expect(transcript).not.toContain(pin);
  expect(transcript).not.toContain('olga-password');
});
