import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { transcriptStart } from '../../../src-main/contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildRequestInfo,
  certificateToPem,
  checkCsr,
  newSerial,
} from '../../../src-main/station/ca/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { failureOf, issueTerms, makeHierarchy, shippedProfile, SignerBench } from '../../support/signer.ts';
import { softoknPath } from '../../support/token-made.ts';
import { softhsmPath, type TokenFolder } from '../../support/token.ts';

/** NSS's own token: needs an init string, has an empty SO-PIN, CKA_LOCAL = 0, and no CKA_ALWAYS_AUTHENTICATE. */
function nssFolder(): TokenFolder {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-nss-'));
  const token = `configdir='sql:${dir}' tokenDescription='NSS 1'`;
  const away = (): never => {
    throw new Error('an NSS token is not pulled in these tests');
  };
  return {
    dir,
    module: {
      path: softoknPath(),
      initString: `configdir='sql:${dir}' certPrefix='' keyPrefix='' secmod='' flags= tokens=<0x4=[${token}]>`,
      env: {},
    },
    pull: away,
    plug: away,
    remove: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

describe('another vendor’s module', () => {
  it.each(['ec-p256', 'rsa-3072'] as const)('NSS makes a hierarchy of %s keys and issues from it', async (algorithm) => {
    const bench = new SignerBench({ folder: nssFolder() });
    const work = new WorkFolder();
    try {
      await bench.start();
      const token = await bench.makeToken('NSS 1');
      const made = await makeHierarchy(bench, token, algorithm);
      expect(made.root.proof.attributes).toEqual(
        expect.arrayContaining([
          { attribute: 'CKA_LOCAL', value: 'false' },
          { attribute: 'CKA_ALWAYS_AUTHENTICATE', value: 'not told' },
        ]),
      );
      await bench.openSession(bench.ceremonyTerms(token));
      const { key, spki: rootSpki, attributes } = made.root.proof;
      expect(await bench.client('key.find', { ckaId: key.ckaId, label: 'Test root', algorithm })).toEqual(made.root.proof);
      const transcript = Buffer.from(
        `${transcriptStart}  "keys": ${JSON.stringify([{ role: 'root', ...key, algorithm, attributes }])}\n}\n`,
      );
      const signed = await bench.client('sign.transcript', { key, transcript });
      const publicKey = createPublicKey({ key: Buffer.from(rootSpki), format: 'der', type: 'spki' });
      expect(verify('sha256', transcript, publicKey, signed.signature)).toBe(true);
      const info = buildRequestInfo({ subject: { commonName: 'Line 2 device CA' }, spki: rootSpki });
      await expect(bench.client('sign.request', { key, info })).resolves.toHaveProperty('signature');
      await bench.client('session.close', { why: 'next' });

      await bench.openSession(issueTerms(bench, token, made.issuer));
      // All of that belongs to a ceremony.
      for (const call of [
        bench.client('key.find', { ckaId: key.ckaId, label: 'Test root', algorithm }),
        bench.client('sign.request', { key: made.issuer.proof.key, info }),
        bench.client('sign.transcript', { key: made.issuer.proof.key, transcript }),
      ])
        expect((await failureOf(call)).code).toBe('SESSION_REFUSED');
      const profile = shippedProfile('device');
      const { spki } = checkCsr(work.request('unit'), profile);
      const request = {
        issuer: made.issuer.issuer,
        profile,
        spki,
        subject: { tenant: 'acme', device: 'T2-1' },
        serial: newSerial(),
        now: bench.clock.now(),
        crlUri: 'http://crl.test.example/crl/i/0.crl',
      };
      const { tbs } = buildDeviceTbs(request);
      const { signature } = await bench.client('sign.certificate', { key: made.issuer.proof.key, profile: 'device', tbs });
      work.write('unit.pem', certificateToPem(assembleCertificate(tbs, made.issuer.issuer, signature)));
      work.write('root.pem', certificateToPem(made.root.certificate));
      work.write('issuer.pem', certificateToPem(made.issuer.certificate));
      expect(
        work.openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'root.pem', '-untrusted', 'issuer.pem', 'unit.pem').text,
      ).toBe('unit.pem: OK\n');
      await bench.client('session.close', { why: 'next' });
      const { requestId } = await bench.client('session.request', issueTerms(bench, token, made.issuer));
      expect((await failureOf(bench.enterPin(requestId, 'wrong!'))).code).toBe('PIN_WRONG');
    } finally {
      await bench.stop();
      work.remove();
    }
  });
});

describe('a module that is none', () => {
  const bench = new SignerBench();
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-module-'));
  afterAll(async () => {
    await bench.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is refused by name, and a right one can still be used', async () => {
    const use = (path: string): Promise<unknown> => bench.client('module.use', { module: { path }, watch: null });
    const notes = join(dir, 'notes.txt');
    writeFileSync(notes, 'not a library');
    const library = join(dir, 'libc.so');
    writeFileSync(library, readFileSync(process.execPath).subarray(0, 4096));
    expect(await failureOf(use('/nowhere/libpkcs11.so'))).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      params: { path: '/nowhere/libpkcs11.so' },
    });
    expect((await failureOf(use(notes))).code).toBe('MODULE_INVALID');
    expect((await failureOf(use(library))).code).toBe('MODULE_CUT_OFF');
    expect((await failureOf(bench.client('token.list', {}))).code).toBe('MODULE_NOT_FOUND');
    expect(await bench.client('token.state', {})).toEqual({ state: 'none', view: null });
    await bench.start();
    expect(await bench.client('token.list', {})).toHaveLength(1);
  });

  it.each([20, 65, 1000, 4096, 0.25, 0.5, 0.75, 0.9])('is not loaded when it was cut off: %s', async (length) => {
    const whole = readFileSync(softhsmPath());
    const end = length < 1 ? Math.floor(whole.length * length) : length;
    const path = join(dir, 'cut.so');
    writeFileSync(path, whole.subarray(0, end));
    const asked = bench.client('module.use', { module: { path, env: bench.folder.module.env }, watch: null });
    expect(await failureOf(asked)).toMatchObject({
      code: 'MODULE_CUT_OFF',
      params: { path, bytes: end, needed: expect.any(Number) as unknown },
    });
  });

  it('of unknown calls and shapes is told so', async () => {
    expect((await failureOf(bench.service.handle('sign.digest', {}))).code).toBe('INVALID_INPUT');
    expect((await failureOf(bench.service.handle('session.request', { kind: 'issue' }))).code).toBe('INVALID_INPUT');
  });
});
