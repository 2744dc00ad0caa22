import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyAlgorithm, TokenRef } from '../../../src-main/contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildIssuerTbs,
  buildRootTbs,
  newSerial,
  readIssuer,
  signingProfile,
} from '../../../src-main/station/ca/index.ts';
import { makeShimFolder, type ShimFolder } from '../../support/shim.ts';
import { failureOf, shippedProfile, SignerBench } from '../../support/signer.ts';

describe('a ceremony', () => {
  let folder: ShimFolder;
  let bench: SignerBench;
  let token: TokenRef;

  beforeEach(async () => {
    folder = makeShimFolder();
    bench = new SignerBench({ folder });
    await bench.start();
    token = await bench.makeToken();
    await bench.openSession(bench.ceremonyTerms(token, [signingProfile(shippedProfile('device'))]));
  });
  afterEach(async () => {
    folder.fault(null);
    await bench.stop();
  });

  const generate = (ckaId: string, algorithm: KeyAlgorithm = 'ec-p256') =>
    bench.client('key.generate', { ckaId, label: `key ${ckaId}`, algorithm });
  const common = (spki: Uint8Array, commonName: string) => ({ subject: { commonName }, spki, serial: newSerial(), now: bench.clock.now() });

  it.each(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072'] as const)('proves what a new %s key is', async (algorithm) => {
    const proof = await generate('0a', algorithm);
    expect(proof.algorithm).toBe(algorithm);
    expect(proof.attributes).toEqual(
      expect.arrayContaining([
        { attribute: 'CKA_SENSITIVE', value: 'true' },
        { attribute: 'CKA_EXTRACTABLE', value: 'false' },
        { attribute: 'CKA_ALWAYS_SENSITIVE', value: 'true' },
        { attribute: 'CKA_NEVER_EXTRACTABLE', value: 'true' },
      ]),
    );
  });

  it('never makes a second key with the same id', async () => {
    await generate('0a');
    expect(await failureOf(generate('0a'))).toMatchObject({ code: 'TOKEN_HAS_KEYS', params: { id: '0a' } });
  });

  it.each(['', 'zz', '0A', '0', 'a'.repeat(66)])('refuses “%s” as a key id', async (ckaId) => {
    expect((await failureOf(generate(ckaId))).code).toBe('INVALID_INPUT');
  });

  it.each([
    ['extractable', 'true'],
    ['mute', 'not told'],
  ])('destroys a key of a token that is %s, and refuses it', async (fault, actual) => {
    folder.fault(fault);
    expect(await failureOf(generate('0a'))).toMatchObject({
      code: 'KEY_ATTRIBUTES_REFUSED',
      params: { attribute: 'CKA_EXTRACTABLE', actual, expected: 'false' },
    });
    folder.fault(null);
    await expect(generate('0a')).resolves.toHaveProperty('key');
  });

  it('destroys a key whose signatures do not verify', async () => {
    folder.fault('flip');
    expect((await failureOf(generate('0a'))).code).toBe('SIGNATURE_INVALID');
    folder.fault(null);
    await expect(generate('0a')).resolves.toHaveProperty('key');
  });

  it('lets a new key sign its own certificate first, then a CA below it, and no CA below that', async () => {
    const [root, issuer, third] = [await generate('01'), await generate('02'), await generate('03')];
    const rootDraft = buildRootTbs({ ...common(root.spki, 'Root'), days: 7300 });
    const { signature } = await bench.client('sign.certificate', { key: root.key, profile: 'root', tbs: rootDraft.tbs });
    const rootIssuer = readIssuer(assembleCertificate(rootDraft.tbs, root, signature));

    // A key without a certificate cannot issue, whatever name it uses.
    const below = { issuer: rootIssuer, crlUri: 'http://x.example/crl/root/0.crl', days: 3650 };
    const stolen = buildIssuerTbs({ ...common(third.spki, 'Issuer'), ...below });
    expect((await failureOf(bench.client('sign.certificate', { key: issuer.key, profile: 'issuer', tbs: stolen.tbs }))).code).toBe(
      'SESSION_REFUSED',
    );

    const issuerDraft = buildIssuerTbs({ ...common(issuer.spki, 'Issuer'), ...below });
    const signed = await bench.client('sign.certificate', { key: root.key, profile: 'issuer', tbs: issuerDraft.tbs });
    const issuing = readIssuer(assembleCertificate(issuerDraft.tbs, root, signed.signature));

    const deeper = buildIssuerTbs({ ...common(third.spki, 'Third'), issuer: issuing, crlUri: below.crlUri, days: 365 });
    expect(
      (await failureOf(bench.client('sign.certificate', { key: issuer.key, profile: 'issuer', tbs: deeper.tbs }))).params['rule'],
    ).toContain('path length');

    const device = shippedProfile('device');
    const request = {
      issuer: issuing,
      profile: device,
      spki: third.spki,
      subject: { tenant: 'a', device: 'b' },
      serial: newSerial(),
      now: bench.clock.now(),
      crlUri: below.crlUri,
    };
    await expect(
      bench.client('sign.certificate', { key: issuer.key, profile: 'device', tbs: buildDeviceTbs(request).tbs }),
    ).resolves.toHaveProperty('signature');
    // The leaf profile makes no CA, and the CA profile no leaf.
    expect(
      (await failureOf(bench.client('sign.certificate', { key: issuer.key, profile: 'issuer', tbs: buildDeviceTbs(request).tbs }))).code,
    ).toBe('SESSION_REFUSED');
    expect((await failureOf(bench.client('sign.certificate', { key: root.key, profile: 'device', tbs: issuerDraft.tbs }))).code).toBe(
      'SESSION_REFUSED',
    );
  });

  it('signs with its own keys only, and they are gone with it', async () => {
    const { key, spki } = await generate('01');
    await bench.client('session.close', { why: 'done' });
    await bench.openSession(bench.ceremonyTerms(token));
    const draft = buildRootTbs({ ...common(spki, 'Root'), days: 7300 });
    expect((await failureOf(bench.client('sign.certificate', { key, profile: 'root', tbs: draft.tbs }))).code).toBe('SESSION_REFUSED');
  });
});
