import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  assembleCertificate,
  buildDeviceTbs,
  certificateToPem,
  checkCsr,
  crlSigner,
  crlToPem,
  crlUri,
  newSerial,
  partitionOf,
  writeCrl,
} from '../../../src-main/station/ca/index.ts';
import { newEcCsr } from '../../support/csr.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { crlBase, failureOf, issueTerms, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';

const partitions = 2;
const bench = new SignerBench();
const work = new WorkFolder();
let made: Hierarchy;
const uri = (partition: number): string => crlUri(crlBase, 'issuer-1', partition);

beforeAll(async () => {
  await bench.start();
  const token = await bench.makeToken();
  made = await makeHierarchy(bench, token);
  work.write('root.pem', certificateToPem(made.root.certificate));
  work.write('issuer.pem', certificateToPem(made.issuer.certificate));
  await bench.openSession(issueTerms(bench, token, made.issuer));
});
afterAll(async () => {
  await bench.stop();
  work.remove();
});

function serialIn(partition: number): string {
  for (;;) {
    const serial = newSerial();
    if (partitionOf(serial, partitions) === partition) return serial;
  }
}

async function issue(name: string, serial: string): Promise<void> {
  const profile = shippedProfile('device');
  const { tbs } = buildDeviceTbs({
    issuer: made.issuer.issuer,
    profile,
    spki: checkCsr(newEcCsr(), profile).spki,
    subject: { tenant: 'acme', device: name },
    serial,
    now: bench.clock.now(),
    crlUri: uri(partitionOf(serial, partitions)),
  });
  const { signature } = await bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs });
  work.write(`${name}.pem`, certificateToPem(assembleCertificate(tbs, made.issuer.issuer, signature)));
}

let revoked: string;

async function publish(partition: number, number: number, serials: readonly string[]): Promise<void> {
  const [now, path] = [bench.clock.now(), work.path(`${String(partition)}.crl`)];
  const sign = crlSigner(bench.client, made.issuer.proof.key);
  await sign.begin();
  const head = { issuer: made.issuer.issuer, number, thisUpdate: now, nextUpdate: now + 86_400_000, uri: uri(partition) };
  const entries = serials.map((serial) => ({ serial, revokedAt: new Date(now).toISOString(), reason: 'keyCompromise' as const }));
  await writeCrl({ ...head, entries: () => entries, path, sign });
  work.write(`${String(partition)}.pem`, crlToPem(readFileSync(path)));
}

const verify = (name: string, crls: readonly string[], ...more: readonly string[]): string => {
  const files = crls.flatMap((crl) => ['-CRLfile', crl]);
  const chain = ['-CAfile', 'root.pem', '-untrusted', 'issuer.pem'];
  return work.openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-crl_check', ...more, ...chain, ...files, `${name}.pem`).text;
};

it('openssl takes exactly the CRL of a certificate’s own partition for it', async () => {
  revoked = serialIn(1);
  for (const [name, serial] of [
    ['zero', serialIn(0)],
    ['one', serialIn(1)],
    ['revoked', revoked],
  ] as const)
    await issue(name, serial);
  await publish(0, 1, []);
  await publish(1, 1, [revoked]);
  work.write('both.pem', readFileSync(work.path('0.pem'), 'utf8') + readFileSync(work.path('1.pem'), 'utf8'));

  for (const extended of [[], ['-extended_crl']]) {
    expect(verify('zero', ['0.pem'], ...extended)).toBe('zero.pem: OK\n');
    expect(verify('one', ['1.pem'], ...extended)).toBe('one.pem: OK\n');
    expect(verify('zero', ['both.pem'], ...extended)).toBe('zero.pem: OK\n');
    expect(verify('revoked', ['1.pem'], ...extended)).toContain('certificate revoked');
    expect(verify('revoked', ['both.pem'], ...extended)).toContain('certificate revoked');
    // The other partition's list says nothing about it, not even that it is good.
    expect(verify('zero', ['1.pem'], ...extended)).toContain('different CRL scope');
    expect(verify('revoked', ['0.pem'], ...extended)).toContain('different CRL scope');
  }
});

it('the signer counts the numbers of each partition for itself, and never backwards', async () => {
  await publish(0, 5, []);
  await publish(1, 3, [revoked]);
  expect((await failureOf(publish(0, 5, [newSerial()]))).code).toBe('SESSION_REFUSED');
  expect((await failureOf(publish(1, 2, [revoked]))).code).toBe('SESSION_REFUSED');
  await publish(1, 4, [revoked]);
  await publish(0, 6, []);
  expect(work.openssl('crl', '-in', '0.pem', '-noout', '-text').text).toMatch(
    /Issuing Distribution Point: critical\s+Full Name:\s+URI:.*\/0\.crl/u,
  );
});
