import { expect, test } from 'vitest';
import { readPkcs12 } from '../../../src-main/station/x509-files/index.ts';
import { nssPkcs12 } from '../../support/nss-pkcs12.ts';

test('a PKCS#12 file in BER, as NSS writes it', () => {
  const { certificates, key } = readPkcs12(nssPkcs12, 'sesam öffne');
  expect(certificates.map(({ subject }) => subject)).toEqual(['O=Acme\nCN=client-7']);
  expect(certificates[0]?.checkPrivateKey(key)).toBe(true);
});

test('of that file, the wrong passphrase is named, and each way to cut it off', () => {
  const refused = (file: Uint8Array, passphrase: string): unknown => {
    try {
      return readPkcs12(file, passphrase);
    } catch (error) {
      return error;
    }
  };
  expect(refused(nssPkcs12, 'other')).toMatchObject({
    code: 'INVALID_INPUT',
    params: { field: 'p12', problem: 'the passphrase is wrong' },
  });
  for (let end = 0; end < nssPkcs12.length; end += 53)
    expect(refused(nssPkcs12.subarray(0, end), 'sesam öffne')).toMatchObject({ code: 'INVALID_INPUT' });
});
