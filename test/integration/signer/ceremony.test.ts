import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transcriptStart, type KeyAlgorithm, type SessionTerms, type TokenRef } from '../../../src-main/contract/index.ts';
import { spkiOf } from '../../../src-main/der/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildIssuerTbs,
  buildRequestInfo,
  buildRootTbs,
  newSerial,
  readIssuer,
  requestToPem,
  signingProfile,
} from '../../../src-main/station/ca/index.ts';
import { WorkFolder } from '../../support/openssl.ts';
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
    const below = { issuer: rootIssuer, crlUri: 'http://crl.test.example/crl/root/0.crl', days: 3650 };
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
      spki: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
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

  const reopen = async (more: Partial<SessionTerms> = {}): Promise<void> => {
    await bench.client('session.close', { why: 'interrupted' });
    await bench.openSession({ ...bench.ceremonyTerms(token), ...more });
  };

  it.each(['ec-p256', 'ec-p384', 'rsa-3072'] as const)(
    'finds a %s key of an interrupted ceremony again, and proves it anew',
    async (algorithm) => {
      const made = await generate('0a', algorithm);
      await reopen();
      const find = (more: object = {}) => bench.client('key.find', { ckaId: '0a', label: 'key 0a', algorithm, ...more });
      expect(await find()).toEqual(made);
      const draft = buildRootTbs({ ...common(made.spki, 'Root'), days: 7300 });
      await expect(bench.client('sign.certificate', { key: made.key, profile: 'root', tbs: draft.tbs })).resolves.toHaveProperty(
        'signature',
      );
      await reopen();
      expect(await find({ ckaId: '0b' })).toBeNull();
      expect((await failureOf(find({ label: 'another' }))).code).toBe('TOKEN_HAS_KEYS');
      for (const other of ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096'].filter((one) => one !== algorithm))
        expect((await failureOf(find({ algorithm: other }))).code).toBe('TOKEN_HAS_KEYS');
      folder.fault('extractable');
      expect(await failureOf(find())).toMatchObject({ code: 'KEY_ATTRIBUTES_REFUSED', params: { then: 'is not used' } });
      folder.fault(null);
      // It is still there.
      expect(await find()).toEqual(made);
    },
  );

  it('finishes on another day what it had drawn up, and no certificate that begins long ago', async () => {
    const made = await generate('0a');
    const draft = buildRootTbs({ ...common(made.spki, 'Root'), days: 7300 });
    const sign = () => bench.client('sign.certificate', { key: made.key, profile: 'root', tbs: draft.tbs });
    bench.clock.advance(29 * 86_400_000);
    await reopen();
    await bench.client('key.find', { ckaId: '0a', label: 'key 0a', algorithm: 'ec-p256' });
    await expect(sign()).resolves.toHaveProperty('signature');
    bench.clock.advance(2 * 86_400_000);
    await reopen();
    await bench.client('key.find', { ckaId: '0a', label: 'key 0a', algorithm: 'ec-p256' });
    expect((await failureOf(sign())).params['rule']).toContain('start is too far');
  });

  it.each(['ec-p256', 'ec-p384', 'rsa-3072'] as const)(
    'a %s key asks for its own CA certificate, and for nothing else',
    async (algorithm) => {
      const work = new WorkFolder();
      try {
        const [own, other] = [await generate('0a', algorithm), await generate('0b')];
        const ask = (info: Uint8Array) => bench.client('sign.request', { key: own.key, info });
        const info = buildRequestInfo({ subject: { organization: 'Acme', commonName: 'Line 2 device CA' }, spki: own.spki });
        work.write('ca.csr', requestToPem(info, algorithm, (await ask(info)).signature));
        const read = work.openssl('req', '-in', 'ca.csr', '-noout', '-verify', '-text').text;
        expect(read).toContain('self-signature verify OK');
        expect(read).toContain('CA:TRUE, pathlen:0');
        expect(work.run('certtool', '--crq-info', '--infile', 'ca.csr').text).toContain('Self signature: verified');

        const refused: [string, Uint8Array][] = [
          ['its own certificate', buildRequestInfo({ subject: { commonName: 'x' }, spki: other.spki })],
          ['not a certificate request', buildRootTbs({ ...common(own.spki, 'Root'), days: 7300 }).tbs],
          ['not a certificate request', Buffer.from('{"purpose":"birthmark"}')],
          ['CA with no CA below it', Buffer.from(info.toString('hex').replace('30060101ff020100', '30060101ff020101'), 'hex')],
          ['key usage of a CA', Buffer.from(info.toString('hex').replace('03020106', '03020186'), 'hex')],
        ];
        for (const [rule, bytes] of refused) expect((await failureOf(ask(bytes))).params['rule']).toContain(rule);
        expect((await failureOf(bench.client('sign.certificate', { key: own.key, profile: 'root', tbs: info }))).code).toBe(
          'SESSION_REFUSED',
        );
      } finally {
        work.remove();
      }
    },
  );

  it('a key signs a transcript that says of it what the token says, and nothing that could be something else', async () => {
    const made = await generate('0a');
    const entry = { role: 'root', ...made.key, algorithm: made.algorithm, attributes: made.attributes };
    const text = (keys: unknown): string => `${transcriptStart}  "keys": ${JSON.stringify(keys)}\n}\n`;
    const sign = (transcript: string | Uint8Array) =>
      bench.client('sign.transcript', { key: made.key, transcript: Buffer.from(transcript) });
    const { signature } = await sign(text([entry]));
    const key = createPublicKey({ key: Buffer.from(made.spki), format: 'der', type: 'spki' });
    expect(verify('sha256', Buffer.from(text([entry])), key, signature)).toBe(true);

    const lie = made.attributes.map((one) => (one.attribute === 'CKA_LOCAL' ? { ...one, value: 'false' } : one));
    const refused: [string, string | Uint8Array][] = [
      ['says something else', text([{ ...entry, attributes: lie }])],
      ['an attribute too many', text([{ ...entry, attributes: [...made.attributes, { attribute: 'CKA_FIPS', value: 'true' }] }])],
      ['does not name this key', text([{ ...entry, spkiSha256: '0'.repeat(64) }])],
      ['what its keys are', text([])],
      ['not a transcript', text([entry]).slice(1)],
      ['not a transcript', JSON.stringify({ purpose: 'birthmark ceremony transcript', keys: [entry] })],
      ['not a transcript', buildRootTbs({ ...common(made.spki, 'Root'), days: 7300 }).tbs],
    ];
    for (const [rule, bytes] of refused) expect((await failureOf(sign(bytes))).params['rule']).toContain(rule);
    // The attributes are read when it signs, not remembered.
    folder.fault('extractable');
    expect((await failureOf(sign(text([entry])))).code).toBe('KEY_ATTRIBUTES_REFUSED');
  });

  it('signs with its own keys only, and they are gone with it', async () => {
    const { key, spki } = await generate('01');
    await bench.client('session.close', { why: 'done' });
    await bench.openSession(bench.ceremonyTerms(token));
    const draft = buildRootTbs({ ...common(spki, 'Root'), days: 7300 });
    expect((await failureOf(bench.client('sign.certificate', { key, profile: 'root', tbs: draft.tbs }))).code).toBe('SESSION_REFUSED');
  });
});
