import { afterAll, expect, test } from 'vitest';
import { checkCsr } from '../../../src-main/station/ca/index.ts';
import { openUnit } from '../../../src-main/station/devices/index.ts';
import { Agent, referenceProfile } from '../../support/agent.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { shippedProfile } from '../../support/signer.ts';

const work = new WorkFolder();
afterAll(() => work.remove());

test.each([
  ['ec-p256', 'id-ecPublicKey'],
  ['rsa-2048', 'rsaEncryption'],
] as const)('a device’s request for an %s key is one that openssl verifies, and so do we', async (keyAlgorithm, algorithm) => {
  const agent = await new Agent().start();
  const signal = AbortSignal.timeout(60_000);
  const session = await openUnit({
    path: agent.path,
    profile: { ...referenceProfile, keyAlgorithm, stepMs: 60_000 },
    signal,
    onTranscript: () => undefined,
  });
  try {
    await session.identify({ signal });
    const request = Buffer.from((await session.generateKey('acme/T-1', { signal })).csr);
    const file = work.write(`${keyAlgorithm}.der`, request);
    const { ok, text } = work.openssl('req', '-inform', 'DER', '-in', file, '-verify', '-noout', '-text');
    expect(ok).toBe(true);
    expect(text).toMatch(/verify OK/u);
    expect(text).toContain(algorithm);
    expect(checkCsr(request, shippedProfile('device')).spki.length).toBeGreaterThan(80);
    // What openssl refuses, we refuse.
    const last = request.length - 1;
    request.writeUInt8(request.readUInt8(last) ^ 1, last);
    expect(work.openssl('req', '-inform', 'DER', '-in', work.write('bad.der', request), '-verify', '-noout').text).not.toMatch(
      /verify OK/u,
    );
    expect(() => checkCsr(request, shippedProfile('device'))).toThrow(expect.objectContaining({ code: 'CSR_SIGNATURE_BAD' }));
  } finally {
    await session.close();
    await agent.dispose();
  }
});
