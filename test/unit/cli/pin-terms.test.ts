import { expect, it } from 'vitest';
import { pinTermsLines } from '../../../src-main/cli/pin-terms.ts';
import type { PinTerms } from '../../../src-main/contract/index.ts';

const terms: PinTerms = {
  kind: 'issue',
  token: { label: 'Station 1', serial: '4711' },
  issuers: ['Acme issuer 1', 'Acme server CA'],
  profiles: ['device'],
  tenants: ['acme'],
  quota: 200,
  until: '2026-11-30T18:00:00.000Z',
  operator: 'Olga',
  reason: 'early shift',
  relearn: null,
};
const text = (more: Partial<typeof terms> = {}): string => pinTermsLines({ ...terms, ...more }).join('\n');

it('a PIN’s terms are told in full: token, keys, number, profiles, tenants, end, and who asked', () => {
  expect(text()).toBe(`The signer asks for the PIN of “Station 1” (4711). With it, it will:
  sign certificates and revocation lists, until 2026-11-30T18:00:00.000Z
  with the keys of: Acme issuer 1, Acme server CA
  at most 200 certificates, under: device
  for devices of the tenants acme
  asked for by Olga: early shift`);
});

it('a ceremony, any tenant, and a lost record are not hidden', () => {
  expect(text({ kind: 'ceremony' })).toContain('make keys, and sign certificates of CAs');
  expect(text({ tenants: null })).toContain('any tenant');
  const lost = text({ kind: 'crl-only', relearn: [{ uri: 'http://crl.example/0.crl', number: 7 }] });
  expect(lost).toContain('WITHOUT a record');
  expect(lost).toContain('http://crl.example/0.crl: number 7');
  expect(lost).not.toContain('certificates, under');
  expect(pinTermsLines({ kind: 'init', label: 'New' }).join()).toContain('“New”');
});
