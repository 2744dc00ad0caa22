import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Failure, limits, type KeyAlgorithm } from '../../../src-main/contract/index.ts';
import { der, oids, spkiOf } from '../../../src-main/der/index.ts';
import { checkCsr, checkCsrSoon } from '../../../src-main/station/ca/index.ts';
import { makeCsr } from '../../support/csr.ts';
import { foreignRequests } from '../../support/foreign-requests.ts';

const policy: { keyAlgorithms: KeyAlgorithm[] } = { keyAlgorithms: ['ec-p256', 'ec-p384', 'rsa-2048'] };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const good = makeCsr(pair);
const sha256Rsa = der.sequence(der.oid(oids.sha256WithRsa), der.nothing);

function codeOf(csr: Uint8Array, allowed = policy): string {
  try {
    checkCsr(csr, allowed);
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

describe('a certificate request that is accepted', () => {
  it('gives its key and nothing else', () => {
    const checked = checkCsr(good, policy);
    expect(checked).toEqual({
      spki: spkiOf(pair.publicKey),
      spkiSha256: expect.stringMatching(/^[0-9a-f]{64}$/u) as string,
      algorithm: 'ec-p256',
    });
  });

  it('may have NULL parameters behind ecdsa-with-SHA256, as old modems write it', () => {
    expect(codeOf(makeCsr({ ...pair, algorithm: der.sequence(der.oid(oids.ecdsaWithSha256), der.nothing) }))).toBe('accepted');
  });

  it('may have attributes, empty ones, or none', () => {
    const extensionRequest = der.explicit(0, der.sequence(der.oid('1.2.840.113549.1.9.14'), der.tlv(0x31, der.sequence())));
    expect(codeOf(makeCsr({ ...pair, attributes: extensionRequest }))).toBe('accepted');
    expect(codeOf(makeCsr({ ...pair, attributes: Buffer.alloc(0) }))).toBe('accepted');
  });

  it.each(['bmpString', 'numericString', 't61String', 'visibleString'] as const)('may have a subject in a %s: it is not used', (kind) => {
    expect(codeOf(foreignRequests[kind])).toBe('accepted');
  });

  it('may be signed with another hash', () => {
    expect(codeOf(makeCsr({ ...pair, hash: 'sha384', algorithm: der.sequence(der.oid(oids.ecdsaWithSha384)) }))).toBe('accepted');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const [hash, id] of [
      ['sha256', oids.sha256WithRsa],
      ['sha512', oids.sha512WithRsa],
    ] as const) {
      expect(codeOf(makeCsr({ ...rsa, hash, algorithm: der.sequence(der.oid(id), der.nothing) }))).toBe('accepted');
    }
  });
});

describe('the proof of possession on another thread', () => {
  it('has the same result for a good request, and the same refusals', async () => {
    await expect(checkCsrSoon(good, policy)).resolves.toEqual(checkCsr(good, policy));
    const forged = makeCsr({ privateKey: other.privateKey, publicKey: pair.publicKey });
    const damaged = Buffer.from(good);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    for (const csr of [forged, damaged]) {
      expect(codeOf(csr)).toBe('CSR_SIGNATURE_BAD');
      await expect(checkCsrSoon(csr, policy)).rejects.toMatchObject({ code: 'CSR_SIGNATURE_BAD' });
    }
    await expect(checkCsrSoon(good.subarray(1), policy)).rejects.toMatchObject({ code: 'CSR_NOT_DER' });
  });
});

describe('a certificate request that is refused', () => {
  it('for being signed with RSASSA-PSS, by that name', () => {
    expect(() => checkCsr(foreignRequests.rsaPss, policy)).toThrow(
      expect.objectContaining({
        code: 'CSR_KEY_REFUSED',
        params: expect.objectContaining({ found: 'rsa-2048, signed by RSASSA-PSS' }) as unknown,
      }) as Error,
    );
    // A key that is for PSS only.
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const bits = rsa.publicKey.export({ type: 'pkcs1', format: 'der' });
    const spki = der.sequence(der.sequence(der.oid(oids.rsaPss)), der.bitString(bits));
    expect(codeOf(makeCsr({ ...rsa, spki, algorithm: sha256Rsa }))).toBe('CSR_KEY_REFUSED');
  });

  it('for a subject that is none', () => {
    for (const subject of [
      der.sequence(der.integer(1)),
      der.sequence(der.tlv(0x31)),
      der.sequence(der.tlv(0x31, der.sequence(der.integer(1)))),
    ])
      expect(codeOf(makeCsr({ ...pair, subject }))).toBe('CSR_NOT_DER');
  });

  it('for being too large, before it is read', () => {
    expect(codeOf(Buffer.alloc(8193, 0x30))).toBe('CSR_TOO_LARGE');
  });

  it('for attributes that are none, or strings that end within a character', () => {
    const attribute = (...parts: Buffer[]): string => codeOf(makeCsr({ ...pair, attributes: der.explicit(0, der.sequence(...parts)) }));
    const id = der.oid('1.2.840.113549.1.9.7');
    expect(attribute(id, der.tlv(0x31, der.tlv(0x1e, Buffer.from('ab'))))).toBe('accepted');
    expect(attribute(id, der.tlv(0x31, der.tlv(0x1e, Buffer.from('abc'))))).toBe('CSR_NOT_DER');
    expect(attribute(id, der.tlv(0x31, der.tlv(0x0c, Buffer.from([0xff]))))).toBe('CSR_NOT_DER');
    expect(attribute(id, der.tlv(0x31, Buffer.alloc(0)))).toBe('CSR_NOT_DER');
    expect(attribute(id, der.sequence(der.boolean(true)))).toBe('CSR_NOT_DER');
    expect(attribute(der.boolean(true), der.tlv(0x31, der.boolean(true)))).toBe('CSR_NOT_DER');
    expect(attribute(id, der.tlv(0x31, der.boolean(true)), der.nothing)).toBe('CSR_NOT_DER');
  });

  it('for the signature of another key', () => {
    expect(codeOf(makeCsr({ ...pair, privateKey: other.privateKey }))).toBe('CSR_SIGNATURE_BAD');
  });

  it('when any one byte was changed', () => {
    for (let at = 0; at < good.length; at++) {
      const damaged = Buffer.from(good);
      damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      expect(codeOf(damaged), `byte ${at}`).toMatch(/^CSR_(?:NOT_DER|SIGNATURE_BAD|KEY_REFUSED)$/u);
    }
  });

  it('when it is cut off anywhere, or goes on after its end', () => {
    for (let length = 0; length < good.length; length++) expect(codeOf(good.subarray(0, length))).toBe('CSR_NOT_DER');
    expect(codeOf(Buffer.concat([good, Buffer.from([0])]))).toBe('CSR_NOT_DER');
    expect(codeOf(Buffer.concat([good, good]))).toBe('CSR_NOT_DER');
  });

  const info = (...parts: Uint8Array[]): Buffer => der.sequence(der.integer(0), der.sequence(), spkiOf(pair.publicKey), ...parts);
  const signed = (body: Buffer): Buffer =>
    der.sequence(body, der.sequence(der.oid(oids.ecdsaWithSha256)), der.bitString(sign('sha256', body, pair.privateKey)));
  const indefinite = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x30, 0x80]), bytes.subarray(4), Buffer.from([0, 0])]);

  it.each([
    ['PEM', Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${good.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`)],
    ['an indefinite length', indefinite(good)],
    ['a padded length', Buffer.concat([Buffer.from([0x30, 0x83, 0x00]), good.subarray(2)])],
    ['a version that does not exist', makeCsr({ ...pair, version: 1 })],
    ['a padded version', signed(der.sequence(der.tlv(2, Buffer.from([0, 0])), der.sequence(), spkiOf(pair.publicKey), der.explicit(0)))],
    ['more behind the attributes', signed(info(der.explicit(0), der.explicit(1)))],
    [
      'a certificate',
      der.sequence(der.sequence(der.integer(2)), der.sequence(der.oid(oids.ecdsaWithSha256)), der.bitString(Buffer.alloc(70))),
    ],
    ['a BOOLEAN of 01', makeCsr({ ...pair, attributes: der.explicit(0, der.tlv(0x01, Buffer.from([0x01]))) })],
    ['a constructed OCTET STRING', makeCsr({ ...pair, attributes: der.explicit(0, der.tlv(0x24, der.octetString(Buffer.alloc(1)))) })],
    ['a SET out of order', makeCsr({ ...pair, attributes: der.explicit(0, der.tlv(0x31, der.integer(2), der.integer(1))) })],
    ['a NULL with content', makeCsr({ ...pair, attributes: der.explicit(0, der.tlv(0x05, Buffer.from([0]))) })],
    [
      'a subject that is no text',
      signed(
        der.sequence(
          der.integer(0),
          der.sequence(der.tlv(0x31, der.sequence(der.oid(oids.commonName), der.integer(1)))),
          spkiOf(pair.publicKey),
          der.explicit(0),
        ),
      ),
    ],
  ])('for %s', (_, csr) => {
    expect(codeOf(csr)).toBe('CSR_NOT_DER');
  });

  it('for being nested too deep, in no time', () => {
    let nested: Buffer = der.nothing;
    while (nested.length < 4000) nested = der.sequence(nested);
    expect(codeOf(makeCsr({ ...pair, attributes: der.explicit(0, nested) }))).toBe('CSR_NOT_DER');
  });

  it.each(['3080', '3000', '0500', '3082ffff', 'ff'])('for being the worst that fits in the limit: %s and so on', (filler) => {
    expect(codeOf(Buffer.alloc(limits.csrBytes, Buffer.from(filler, 'hex')))).toBe('CSR_NOT_DER');
  });

  it('for having too many parts', () => {
    expect(codeOf(makeCsr({ ...pair, attributes: der.explicit(0, ...Array.from({ length: 300 }, () => der.nothing)) }))).toBe(
      'CSR_NOT_DER',
    );
  });

  const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array): Buffer =>
    der.sequence(
      der.sequence(der.oid(oids.rsaEncryption), der.nothing),
      der.bitString(der.sequence(der.unsignedInteger(modulus), der.unsignedInteger(exponent))),
    );
  const point = (bytes: Uint8Array): Buffer =>
    der.sequence(der.sequence(der.oid(oids.ecPublicKey), der.oid(oids.prime256v1)), der.bitString(bytes));
  const modulus = Buffer.alloc(256, 0xc3);

  it.each([
    ['a kind that the profile does not name', makeCsr(generateKeyPairSync('rsa', { modulusLength: 3072 }))],
    ['RSA 1024', makeCsr({ ...generateKeyPairSync('rsa', { modulusLength: 1024 }) })],
    ['RSA with exponent 3', makeCsr({ ...pair, spki: rsaSpki(modulus, Buffer.from([3])) })],
    ['RSA with a huge exponent', makeCsr({ ...pair, spki: rsaSpki(modulus, modulus) })],
    ['another curve', makeCsr(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))],
    ['Ed25519', makeCsr({ ...pair, spki: spkiOf(generateKeyPairSync('ed25519').publicKey) })],
    ['a point that is not on the curve', makeCsr({ ...pair, spki: point(Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])) })],
    ['a compressed point', makeCsr({ ...pair, spki: point(Buffer.concat([Buffer.from([2]), Buffer.alloc(32, 1)])) })],
    ['the point at infinity', makeCsr({ ...pair, spki: point(Buffer.from([0])) })],
    ['a signature by SHA-1', makeCsr({ ...pair, hash: 'sha1', algorithm: der.sequence(der.oid('1.2.840.10045.4.1')) })],
    ['an RSA signature name on an EC key', makeCsr({ ...pair, algorithm: der.sequence(der.oid(oids.sha256WithRsa), der.nothing) })],
  ])('for a key of %s', (_, csr) => {
    expect(codeOf(csr)).toBe('CSR_KEY_REFUSED');
  });

  const found = (csr: Uint8Array): unknown => {
    try {
      checkCsr(csr, policy);
    } catch (error) {
      return error instanceof Failure ? error.params['found'] : error;
    }
    return 'accepted';
  };
  const ed25519 = generateKeyPairSync('ed25519');

  it.each([
    ['Ed25519', () => makeCsr({ ...pair, spki: spkiOf(ed25519.publicKey) })],
    ['EC on secp256k1', () => makeCsr(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))],
    ['EC on P-521', () => makeCsr(generateKeyPairSync('ec', { namedCurve: 'P-521' }))],
    ['rsa-1024', () => makeCsr(generateKeyPairSync('rsa', { modulusLength: 1024 }))],
    ['RSASSA-PSS', () => makeCsr({ ...pair, spki: spkiOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey) })],
    [
      'ec-p256, signed by ECDSA with SHA-1',
      () => makeCsr({ ...pair, hash: 'sha1', algorithm: der.sequence(der.oid('1.2.840.10045.4.1')) }),
    ],
    ['ec-p256 with its point in another form than uncompressed', () => makeCsr({ ...pair, spki: point(Buffer.alloc(33, 2)) })],
    ['RSA 2048 with an unusual exponent', () => makeCsr({ ...pair, spki: rsaSpki(modulus, Buffer.from([3])) })],
  ])('says “%s”', (name, csr) => {
    expect(found(csr())).toBe(name);
  });

  it('takes no longer for an even modulus or one of all ones', () => {
    const even = Buffer.alloc(256, 0xc2);
    for (const one of [even, Buffer.alloc(256, 0xff)])
      expect(codeOf(makeCsr({ ...pair, spki: rsaSpki(one, Buffer.from([1, 0, 1])), algorithm: sha256Rsa }))).toMatch(
        /^CSR_(?:KEY_REFUSED|SIGNATURE_BAD)$/u,
      );
  });
});
