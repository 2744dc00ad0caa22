import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { der, DerError, name, oids, tags } from '../../../src-main/der/index.ts';
import { describeName, namesOf, sameName, startsWithName } from '../../../src-main/station/x509-files/index.ts';
import { chip } from '../../support/attestation.ts';

const printable = 19;
const bmp = 30;
const text = (tag: number, value: string): Buffer => der.tlv(tag, Buffer.from(value, 'latin1'));
const attribute = (type: string, value: Uint8Array): Buffer => der.sequence(der.oid(type), value);
const rdn = (...attributes: Uint8Array[]): Buffer => der.tlv(tags.set, ...attributes);
const country = (code: string): Buffer => rdn(attribute('2.5.4.6', text(printable, code)));
const cn = (value: Uint8Array): Buffer => rdn(attribute(oids.commonName, value));
const ours = name({ organization: 'Acme', commonName: 'Issuer 1' });
const organization = (value: Uint8Array): Buffer => rdn(attribute(oids.organizationName, value));

describe('the same name (RFC 5280 7.1)', () => {
  it.each([
    ['PrintableString against UTF8String', der.sequence(organization(text(printable, 'Acme')), cn(text(printable, 'Issuer 1')))],
    ['letter case', name({ organization: 'ACME', commonName: 'iSSUER 1' })],
    ['blanks around and doubled', name({ organization: ' Acme ', commonName: 'Issuer   1' })],
    ['BMPString', der.sequence(organization(der.tlv(bmp, Buffer.from('Acme', 'utf16le').swap16())), cn(text(printable, 'Issuer 1')))],
  ])('%s', (_, other) => {
    expect(sameName(ours, other)).toBe(true);
    expect(sameName(other, ours)).toBe(true);
  });

  it.each([
    ['another text', name({ organization: 'Acme', commonName: 'Issuer 2' })],
    ['a part less', name({ commonName: 'Issuer 1' })],
    ['a part more', der.sequence(country('DE'), organization(text(printable, 'Acme')), cn(text(printable, 'Issuer 1')))],
    ['another order', der.sequence(cn(text(printable, 'Issuer 1')), organization(text(printable, 'Acme')))],
    [
      'one part of two attributes',
      der.sequence(rdn(attribute(oids.organizationName, text(printable, 'Acme')), attribute(oids.commonName, text(printable, 'Issuer 1')))),
    ],
    ['a blank taken away', name({ organization: 'Acme', commonName: 'Issuer1' })],
  ])('not %s', (_, other) => {
    expect(sameName(ours, other)).toBe(false);
  });

  it('no two texts are one because of the marks that join them', () => {
    const one = der.sequence(rdn(attribute(oids.commonName, der.utf8String('a,O=b'))));
    const two = der.sequence(rdn(attribute(oids.commonName, der.utf8String('a'))), organization(der.utf8String('b')));
    expect(sameName(one, two)).toBe(false);
  });

  it('holds for every text with itself in another case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }), (value) =>
        sameName(name({ commonName: value }), name({ commonName: ` ${value.toUpperCase()} ` })),
      ),
    );
  });

  it('what cannot be read is not the same as any name', () => {
    expect(sameName(der.sequence(), Buffer.from('3000ff', 'hex'))).toBe(false);
    expect(sameName(ours, der.integer(1))).toBe(false);
  });
});

it('a subtree is the first parts of a name', () => {
  expect(startsWithName(ours, der.sequence(organization(text(printable, 'acme'))))).toBe(true);
  expect(startsWithName(ours, der.sequence())).toBe(true);
  expect(startsWithName(ours, der.sequence(cn(text(printable, 'Issuer 1'))))).toBe(false);
  expect(startsWithName(der.sequence(country('DE')), ours)).toBe(false);
});

describe('a name for people', () => {
  it.each([
    ['C=DE, O=Acme, CN=Issuer 1', der.sequence(country('DE'), organization(der.utf8String('Acme')), cn(der.utf8String('Issuer 1')))],
    ['CN=Größe', der.sequence(cn(text(20, 'Größe')))],
    [
      'CN=a + serialNumber=7',
      der.sequence(rdn(attribute(oids.commonName, der.utf8String('a')), attribute('2.5.4.5', text(printable, '7')))),
    ],
    [
      'DC=example, UID=u',
      der.sequence(
        rdn(attribute('0.9.2342.19200300.100.1.25', text(22, 'example'))),
        rdn(attribute('0.9.2342.19200300.100.1.1', der.utf8String('u'))),
      ),
    ],
    ['1.3.6.1.4.1.99999.1=x', der.sequence(rdn(attribute('1.3.6.1.4.1.99999.1', der.utf8String('x'))))],
    ['CN=#0201ff', der.sequence(cn(Buffer.from('0201ff', 'hex')))],
    ['', der.sequence()],
  ])('%s', (shown, bytes) => {
    expect(describeName(bytes)).toBe(shown);
  });
});

it('reads both names of a certificate', () => {
  const { device, signer } = chip();
  const names = namesOf(device.der);
  expect(describeName(names.subject)).toBe('O=Chips, CN=sn0123ABCD');
  expect(sameName(names.issuer, namesOf(signer.der).subject)).toBe(true);
  expect(() => namesOf(der.sequence(der.integer(1)))).toThrow(DerError);
});
