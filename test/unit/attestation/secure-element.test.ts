import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { attestationFromFile, certificateToPem, checkAttestation, checkCsr } from '../../../src-main/station/ca/index.ts';
import { der, name, oids } from '../../../src-main/der/index.ts';
import { checkedAt, chip, coseSign1, ecPair, extension, x5chain, type Chip } from '../../support/attestation.ts';
import { makeCsr } from '../../support/csr.ts';

const profileOf = (...trustAnchors: string[]) => ({ name: 'chips', attestation: { required: true, trustAnchors } });
const request = (csr: Uint8Array) => ({ csr, spki: checkCsr(csr, { keyAlgorithms: ['ec-p256'] }).spki });
const outcome = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.params['check'] ?? thrown.code;
    throw thrown;
  }
};
const replaced = (bytes: Buffer, old: Buffer, by: Buffer): Buffer => {
  const at = bytes.indexOf(old);
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + old.length)]);
};
/** What the chain says about a request with the chip's own key. */
const check = (
  made: Chip,
  certificates: readonly Uint8Array[] = [made.device.der, made.signer.der],
  pem = made.root.pem,
  csr = makeCsr(made.device),
): unknown =>
  outcome(() => checkAttestation(profileOf(pem), { format: 'certificates', bytes: Buffer.concat(certificates) }, request(csr), checkedAt));

describe('the chain of a secure element', () => {
  const good = chip();

  test('whose certified key is the key of the request is believed, up to the root that the profile names', () => {
    expect(check(good)).toMatchObject({
      format: 'certificates',
      deviceId: expect.stringMatching(/^O=Chips, CN=sn0123ABCD, serial [0-9A-F]+$/u) as string,
      proven: [expect.stringContaining('in the secure element') as string, expect.stringContaining('CN=Chip root') as string],
      notChecked: [expect.stringContaining('revoked') as string],
    });
  });

  test('may bring the root along, or stop below an anchor that is no root; what comes after the anchor is not asked', () => {
    const rootDer = attestationFromFile(Buffer.from(good.root.pem)).bytes;
    expect(check(good, [good.device.der, good.signer.der, rootDer])).toHaveProperty('deviceId');
    expect(check(good, [good.device.der], certificateToPem(good.signer.der))).toHaveProperty('deviceId');
    expect(check(good, [good.device.der, chip().signer.der], certificateToPem(good.signer.der))).toHaveProperty('deviceId');
  });

  test('reads the same as PEM, in a file with other text', () => {
    const text = `Certificates of the chip\n${certificateToPem(good.device.der)}\n\n${certificateToPem(good.signer.der)}`;
    const { csr, ...statement } = attestationFromFile(Buffer.from(text));
    expect(csr).toBeNull();
    expect(checkAttestation(profileOf(good.root.pem), statement, request(makeCsr(good.device)), checkedAt)).not.toBeNull();
  });

  test('with a key that OpenSSL cannot take apart is refused for its form, also where the key has nothing to verify', () => {
    const point = Buffer.from(new X509Certificate(good.device.der).publicKey.export({ format: 'der', type: 'spki' }).subarray(-64));
    // No point of the curve has this x: the certificate is as well-formed as before.
    const offTheCurve = replaced(good.device.der, point, Buffer.alloc(64, 0xff));
    expect(() => new X509Certificate(offTheCurve)).not.toThrow();
    expect(check(good, [offTheCurve, good.signer.der])).toBe('form');
    expect(check(good, [good.device.der, good.signer.der, offTheCurve])).toBe('form');
  });

  test('is refused by the name of what is wrong with it', () => {
    const other = chip();
    expect(check(good, undefined, other.root.pem)).toBe('chain');
    expect(check(good, [good.device.der])).toBe('chain');
    expect(check(good, [good.device.der, other.signer.der])).toBe('chain');
    expect(check(good, [good.signer.der])).toBe('CA');
    expect(check(good, undefined, undefined, makeCsr(ecPair()))).toBe('key');
    expect(check(good, [])).toBe('form');
    expect(check(good, [Buffer.from('3003020100', 'hex')])).toBe('form');
    expect(check(good, [good.device.der, Buffer.from([0x30])])).toBe('form');
    expect(
      check(
        good,
        Array.from({ length: 9 }, () => good.device.der),
      ),
    ).toBe('size');
    expect(check(good, [good.device.der, good.signer.der, Buffer.alloc(20_000)])).toBe('size');
  });

  const directory = (commonName: string): Buffer => der.explicit(4, name({ organization: 'Chips', commonName }));
  const constraint = (tag: 0 | 1, base: Buffer): Buffer =>
    extension(oids.nameConstraints, true, der.sequence(der.explicit(tag, der.sequence(base))));
  const dns = der.implicit(2, Buffer.from('chips.example'));
  test.each<[string, Parameters<typeof chip>[0], string | null]>([
    ['a signer that is no CA', { signer: { ca: null, usage: [0] } }, 'CA'],
    ['a signer that may not sign certificates', { signer: { usage: [6] } }, 'key usage'],
    ['a signer without key usage', { signer: { usage: null } }, null],
    ['a root whose path length is enough', { root: { ca: { pathLength: 1 } } }, null],
    ['a root whose path length is too small', { root: { ca: { pathLength: 0 } } }, 'path length'],
    ['a device that may not sign', { device: { usage: [2] } }, 'key usage'],
    ['a device that has expired', { device: { notAfter: Date.UTC(2026, 4, 31) } }, 'validity'],
    ['a device that is not good yet', { device: { notBefore: Date.UTC(2026, 6, 1) } }, 'validity'],
    ['a root that has expired', { root: { notAfter: Date.UTC(2025, 0, 1) } }, 'validity'],
    [
      'a device that was signed by somebody else',
      { device: { issuer: { subject: 'Chip signer 1', privateKey: ecPair().privateKey } } },
      'signature',
    ],
    ['a device that names another issuer', { device: { issuerName: 'Somebody' } }, 'chain'],
    ['a device signed with SHA-1', { device: { algorithm: der.sequence(der.oid('1.2.840.10045.4.1')) } }, 'algorithm'],
    [
      'a key usage that is none, well signed',
      { device: { usage: null, more: [extension(oids.keyUsage, true, Buffer.from('3080', 'hex'))] } },
      'form',
    ],
    ['an unknown critical extension', { device: { more: [extension('1.3.6.1.4.1.1', true, der.nothing)] } }, 'critical extension'],
    ['an unknown extension that is not critical', { device: { more: [extension('1.3.6.1.4.1.1', false, der.nothing)] } }, null],
    ['names within what its signer may name', { signer: { more: [constraint(0, der.explicit(4, der.sequence()))] } }, null],
    ['names outside of what its signer may name', { signer: { more: [constraint(0, directory('Other'))] } }, 'name constraints'],
    ['a name that its signer must not name', { signer: { more: [constraint(1, directory('sn0123ABCD'))] } }, 'name constraints'],
    ['a constraint on DNS names, and none in it', { signer: { more: [constraint(0, dns)] } }, null],
    [
      'a DNS name under such a constraint',
      { signer: { more: [constraint(0, dns)] }, device: { more: [extension(oids.subjectAltName, false, der.sequence(dns))] } },
      'name constraints',
    ],
    [
      'a directory name among the alternative ones, under a constraint on them',
      {
        signer: { more: [constraint(0, der.explicit(4, der.sequence()))] },
        device: { more: [extension(oids.subjectAltName, false, der.sequence(directory('Other')))] },
      },
      'name constraints',
    ],
    ['a name that is excluded in other letters', { signer: { more: [constraint(1, directory('SN0123abcd'))] } }, 'name constraints'],
    ['a damaged constraint', { signer: { more: [extension(oids.nameConstraints, true, der.nothing)] } }, 'form'],
  ])('with %s', (_, wrong, refused) => {
    const made = chip(wrong);
    const result = check(made);
    expect(result).toEqual(refused ?? expect.objectContaining({ deviceId: expect.anything() as unknown }));
  });
});

describe('a COSE_Sign1 that carries the chain', () => {
  const made = chip();
  const csr = makeCsr(ecPair());
  const header = Buffer.from('a10126', 'hex');
  const unprotected = x5chain([made.device.der, made.signer.der]);
  const say = (bytes: Uint8Array): unknown =>
    outcome(() => checkAttestation(profileOf(made.root.pem), { format: 'certificates', bytes }, request(csr), checkedAt));
  const digest = createHash('sha256').update(csr).digest();

  test.each([
    ['the request', { payload: csr }],
    ['its digest', { payload: digest }],
    ['the request that travels apart', { payload: null, detached: csr }],
  ])('signed over %s by the certified key is believed', (_, parts) => {
    const bytes = coseSign1({ header, unprotected, key: made.device.privateKey, ...parts });
    expect(say(bytes)).toMatchObject({
      proven: [expect.stringContaining('has signed this request') as string, expect.anything() as string],
    });
  });

  test('is refused where another key signed, or something else was signed, or the chain does not hold', () => {
    const sign = (parts: object): Buffer => coseSign1({ header, unprotected, payload: digest, key: made.device.privateKey, ...parts });
    expect(say(sign({ key: ecPair().privateKey }))).toBe('signature');
    expect(say(sign({ payload: createHash('sha256').update('x').digest() }))).toBe('digest');
    expect(say(sign({ payload: null, detached: Buffer.from('x') }))).toBe('signature');
    expect(say(sign({ unprotected: x5chain([chip().device.der, made.signer.der]) }))).toBe('signature');
    expect(say(sign({ unprotected: Buffer.from('a1182101', 'hex') }))).toBe('form');
  });
});
