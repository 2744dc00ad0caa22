import { generateKeyPairSync, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toPem } from '../../../src-main/station/ca/index.ts';
import { certificatesIn, dersOf, isDer, keyFileAsPem, readKey, X509FileError } from '../../../src-main/station/x509-files/index.ts';
import { der } from '../../../src-main/der/index.ts';
import { chip, ecPair } from '../../support/attestation.ts';

const { device, signer } = chip();
const pem = toPem('CERTIFICATE', device.der);
const utf16 = (text: string, bigEndian = false): Buffer => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};
const relabelled = (label: string): string => pem.replaceAll('CERTIFICATE', label);
const oneLine = `-----BEGIN CERTIFICATE-----\n${device.der.toString('base64')}\n-----END CERTIFICATE-----`;

describe('a certificate of anybody', () => {
  it.each<[string, Uint8Array]>([
    ['DER', device.der],
    ['PEM', Buffer.from(pem)],
    ['CRLF', Buffer.from(pem.replaceAll('\n', '\r\n'))],
    ['CR only', Buffer.from(pem.replaceAll('\n', '\r'))],
    ['a UTF-8 byte order mark', Buffer.from(`\uFEFF${pem}`)],
    ['UTF-16, as Windows editors save it', utf16(pem)],
    ['UTF-16, the other way round', utf16(pem, true)],
    ['UTF-16 without a mark', utf16(pem).subarray(2)],
    ['one long line without an end', Buffer.from(oneLine)],
    ['indented', Buffer.from(pem.replaceAll('\n', '\n    '))],
    ['text before and after', Buffer.from(`0 s:O = Chips\nBag Attributes: ünïcode\n${pem}\nthank you – bye`)],
    ['X509 CERTIFICATE', Buffer.from(relabelled('X509 CERTIFICATE'))],
    ['a key beside it', Buffer.from(toPem('PRIVATE KEY', randomBytes(64)) + pem)],
  ])('is read from %s', (_, file) => {
    expect(certificatesIn(file)).toEqual([device.der]);
  });

  it('keeps the order of the file', () => {
    expect(certificatesIn(toPem('CERTIFICATE', signer.der) + pem)).toEqual([signer.der, device.der]);
  });

  it.each([
    ['cut off', pem.slice(0, -30)],
    ['without a beginning', pem.slice(30)],
    ['two of them run into each other', pem.slice(0, 100) + pem],
    ['another end', pem.replace('END CERTIFICATE', 'END X509 CRL')],
    ['a character that is no base64', pem.replace(/\n./u, '\n*')],
    ['a character less', pem.replace(/\n./u, '\n')],
    ['nothing in it', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['headers of an encrypted block', pem.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
  ])('is refused when it is damaged: %s', (_, text) => {
    expect(() => certificatesIn(text)).toThrow(X509FileError);
  });

  it('no text makes anything but an X509FileError', () => {
    const parts = fc.constantFrom('-----BEGIN ', '-----END ', 'CERTIFICATE', 'PKCS7', '-----', '\n', 'MIIB', 'MAA=', '\r', '\0', ':', 'é');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 14 }), (pieces) => {
        try {
          return certificatesIn(pieces.join('')).every(Buffer.isBuffer);
        } catch (error) {
          return error instanceof X509FileError;
        }
      }),
    );
  });
});

test('text that begins with a zero is not DER, whatever it goes on with', () => {
  expect(isDer(device.der)).toBe(true);
  expect(isDer(der.sequence(der.integer(1)))).toBe(true);
  expect(isDer(Buffer.from('0 s:CN=a'))).toBe(false);
  expect(isDer(Buffer.from('0 a', 'utf16le'))).toBe(false);
  expect(isDer(Buffer.alloc(0))).toBe(false);
});

test('PKCS#7 in its three labels, DER and the BER of Windows', () => {
  const bundle = der.sequence(
    der.oid('1.2.840.113549.1.7.2'),
    der.explicit(
      0,
      der.sequence(
        der.integer(1),
        der.tlv(0x31),
        der.sequence(der.oid('1.2.840.113549.1.7.1')),
        der.tlv(0xa0, signer.der, device.der),
        der.tlv(0x31),
      ),
    ),
  );
  // Indefinite lengths around the outermost two.
  const inner = bundle.subarray(bundle.indexOf(Buffer.from('06092a864886f70d010702', 'hex')));
  const ber = Buffer.concat([Buffer.from([0x30, 0x80]), inner, Buffer.alloc(2)]);
  const both = [signer.der, device.der];
  expect(certificatesIn(bundle)).toEqual(both);
  expect(certificatesIn(ber)).toEqual(both);
  for (const label of ['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA']) expect(certificatesIn(toPem(label, bundle))).toEqual(both);
  expect(() => certificatesIn(bundle.subarray(0, 200))).toThrow(X509FileError);
});

test('requests and lists under the names that older programs write', () => {
  const bytes = der.sequence(der.octetString(randomBytes(200)));
  expect(dersOf(Buffer.from(toPem('NEW CERTIFICATE REQUEST', bytes)), 'CERTIFICATE REQUEST')).toEqual([bytes]);
  expect(dersOf(toPem('CRL', bytes), 'X509 CRL')).toEqual([bytes]);
  expect(dersOf(bytes, 'X509 CRL')).toEqual([bytes]);
  expect(dersOf(pem, 'X509 CRL')).toEqual([]);
});

describe('a private key', () => {
  const { privateKey, publicKey } = ecPair();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const exported = (type: 'pkcs8' | 'sec1', passphrase?: string): Buffer =>
    passphrase === undefined
      ? privateKey.export({ type, format: 'der' })
      : privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase });
  const same = (file: Uint8Array, passphrase: string | null = null): void => {
    const key = readKey(keyFileAsPem(file), passphrase);
    expect(key.equals(privateKey)).toBe(true);
  };

  it('is read from DER and PEM in each of its forms', () => {
    same(exported('pkcs8'));
    same(exported('sec1'));
    same(exported('pkcs8', 'sesam'), 'sesam');
    same(utf16(toPem('EC PRIVATE KEY', exported('sec1'))));
    same(Buffer.from(pem + toPem('PRIVATE KEY', exported('pkcs8')).replaceAll('\n', '\r')));
  });

  it('RSA, as PKCS#1', () => {
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const file = rsa.export({ type: 'pkcs1', format: 'der' });
    expect(readKey(keyFileAsPem(file), null).equals(rsa)).toBe(true);
  });

  it.each<[string, Uint8Array]>([
    ['a public key', spki],
    ['a certificate', device.der],
    ['a certificate in PEM', Buffer.from(pem)],
    ['nothing', Buffer.alloc(0)],
  ])('%s is none', (_, file) => {
    expect(() => keyFileAsPem(file)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
  });
});
