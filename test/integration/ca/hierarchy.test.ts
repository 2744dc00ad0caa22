import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenRef } from '../../../src-main/contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildServerTbs,
  certificateToPem,
  checkCsr,
  crlSigner,
  crlToPem,
  crlUri,
  newSerial,
  readCertificate,
  readCrl,
  writeCrl,
  type CrlEntry,
} from '../../../src-main/station/ca/index.ts';
import { mkdirSync, readFileSync } from 'node:fs';
import { WorkFolder } from '../../support/openssl.ts';
import { crlBase, issueTerms, makeHierarchy, shippedProfile, SignerBench, type Hierarchy } from '../../support/signer.ts';

describe.each(['ec-p256', 'ec-p384', 'rsa-3072'] as const)('a hierarchy of %s keys on a real token', (algorithm) => {
  // One list, as an issuer without partitions has it.
  const bench = new SignerBench({ points: (ckaId) => [crlUri(crlBase, ckaId === '01' ? 'root' : ckaId === '03' ? 'server' : 'issuer-1')] });
  const work = new WorkFolder();
  const device = shippedProfile('device');
  const uri = crlUri(crlBase, 'issuer-1');
  let token: TokenRef;
  let made: Hierarchy;

  beforeAll(async () => {
    await bench.start();
    token = await bench.makeToken();
    made = await makeHierarchy(bench, token, algorithm);
    work.write('root.pem', certificateToPem(made.root.certificate));
    work.write('issuer.pem', certificateToPem(made.issuer.certificate));
    work.write('server-issuer.pem', certificateToPem(made.server.certificate));
  });
  afterAll(async () => {
    await bench.stop();
    work.remove();
  });

  async function issue(name: string, ...key: readonly string[]): Promise<Buffer> {
    const { spki } = checkCsr(work.request(name, key.length === 0 ? undefined : key), device);
    const draft = buildDeviceTbs({
      issuer: made.issuer.issuer,
      profile: device,
      spki,
      subject: { tenant: 'acme', device: name },
      serial: newSerial(),
      now: bench.clock.now(),
      crlUri: uri,
    });
    const { signature } = await bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs: draft.tbs });
    const certificate = assembleCertificate(draft.tbs, made.issuer.issuer, signature);
    work.write(`${name}.pem`, certificateToPem(certificate));
    return certificate;
  }

  /** Every list has what those before it had. */
  const listed: CrlEntry[] = [];
  async function publish(number: number, entries: readonly CrlEntry[]): Promise<void> {
    listed.push(...entries);
    const now = bench.clock.now();
    const path = work.path('issuer.crl');
    const sign = crlSigner(bench.client, made.issuer.proof.key);
    await sign.begin();
    await writeCrl({
      issuer: made.issuer.issuer,
      number,
      thisUpdate: now,
      nextUpdate: now + 86_400_000,
      uri: null,
      entries: () => listed,
      path,
      sign,
    });
    work.write('crl.pem', crlToPem(readFileSync(path)));
  }

  it('issues device certificates that openssl and GnuTLS accept, and refuses a revoked one', async () => {
    await bench.openSession(issueTerms(bench, token, made.issuer));
    const ec = await issue('T2-000131');
    await issue('T2-000132', '-newkey', 'rsa:2048');
    await publish(1, []);
    const check = (name: string): string =>
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
        `${name}.pem`,
      ).text;
    expect(check('T2-000131')).toBe('T2-000131.pem: OK\n');
    expect(check('T2-000132')).toBe('T2-000132.pem: OK\n');

    const { serial } = readCertificate(ec);
    await publish(2, [{ serial, revokedAt: new Date(bench.clock.now()).toISOString(), reason: 'keyCompromise' }]);
    expect(check('T2-000131')).toContain('certificate revoked');
    expect(check('T2-000132')).toBe('T2-000132.pem: OK\n');
    expect(work.openssl('crl', '-in', 'crl.pem', '-CAfile', 'issuer.pem', '-noout', '-verify').text).toContain('verify OK');

    const crl = readCrl(work.path('issuer.crl'));
    expect(crl.signedBy(made.issuer.issuer)).toBe(true);
    expect([...crl.entries()].map((entry) => entry.serial)).toEqual([serial]);
    const certtool = work.run('certtool', '--verify-crl', '--load-ca-certificate', 'issuer.pem', '--infile', 'crl.pem');
    expect(certtool.text).toContain('Verified');
    await bench.client('session.close', { why: 'done' });
  });

  it('publishes a list that NSS reads, and by which it refuses the revoked one only', async () => {
    await bench.openSession(issueTerms(bench, token, made.issuer));
    const { serial } = readCertificate(await issue('nss-revoked'));
    await issue('nss-good');
    await publish(3, [{ serial, revokedAt: new Date(bench.clock.now() - 60_000).toISOString(), reason: 'keyCompromise' }]);
    mkdirSync(work.path('nss'));
    const nss = (program: 'certutil' | 'crlutil', ...args: readonly string[]): string => work.run(program, '-d', 'sql:nss', ...args).text;
    nss('certutil', '-N', '--empty-password');
    nss('certutil', '-A', '-n', 'root', '-t', 'TC,,', '-i', 'root.pem');
    nss('certutil', '-A', '-n', 'issuer', '-t', ',,', '-i', 'issuer.pem');
    for (const name of ['nss-revoked', 'nss-good']) nss('certutil', '-A', '-n', name, '-t', ',,', '-i', `${name}.pem`);
    expect(nss('crlutil', '-I', '-i', 'issuer.crl', '-t', '1')).toBe('');
    expect(nss('certutil', '-V', '-n', 'nss-good', '-u', 'C')).toContain('certificate is valid');
    expect(nss('certutil', '-V', '-n', 'nss-revoked', '-u', 'C')).toContain('revoked');
    await bench.client('session.close', { why: 'done' });
  });

  it('issues a server certificate from its own issuer, with names and addresses', async () => {
    const profile = shippedProfile('server');
    const { spki } = checkCsr(work.request('broker'), profile);
    await bench.openSession(issueTerms(bench, token, made.server, 'server'));
    const hosts = ['broker.test.example', '127.0.0.1', '2001:db8::1'];
    const draft = buildServerTbs({
      issuer: made.server.issuer,
      profile,
      spki,
      hosts,
      serial: newSerial(),
      now: bench.clock.now(),
      crlUri: crlUri(crlBase, 'server'),
    });
    const { signature } = await bench.client('sign.certificate', { key: made.server.proof.key, profile: 'server', tbs: draft.tbs });
    const certificate = assembleCertificate(draft.tbs, made.server.issuer, signature);
    work.write('broker.pem', certificateToPem(certificate));
    const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'root.pem', '-untrusted', 'server-issuer.pem'];
    for (const name of [
      ['-verify_hostname', 'broker.test.example'],
      ['-verify_ip', '127.0.0.1'],
      ['-verify_ip', '2001:db8::1'],
    ]) {
      expect(work.openssl(...verify, ...name, 'broker.pem').text).toBe('broker.pem: OK\n');
    }
    expect(new X509Certificate(certificate).subject).toBe('CN=broker.test.example');
    await bench.client('session.close', { why: 'done' });
  });
});
