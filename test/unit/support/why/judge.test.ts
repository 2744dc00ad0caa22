import { describe, expect, test } from 'vitest';
import type { CertificateRow } from '../../../../src-main/contract/index.ts';
import { judgeDevice, type DeviceFacts } from '../../../../src-main/station/support/why/index.ts';

const at = (day: number): string => `2026-06-${String(day).padStart(2, '0')}T00:00:00.000Z`;
const certificate = (more: Partial<CertificateRow> = {}): CertificateRow => ({
  serial: 'AA',
  fingerprint: 'ab'.repeat(32),
  use: 'device',
  device: 'acme/a',
  issuer: 'issuer-1',
  status: 'ACTIVE',
  notBefore: at(1),
  notAfter: at(30),
  revokedAt: null,
  reason: null,
  order: null,
  replaces: null,
  graceUntil: null,
  createdAt: at(1),
  ...more,
});
const approved: NonNullable<DeviceFacts['row']> = {
  device: 'acme/a',
  tenant: 'acme',
  id: 'a',
  hardwareId: 'HW',
  model: 'M',
  state: 'APPROVED',
  decidedAt: null,
  decidedBy: null,
  reason: null,
  order: null,
  proofLevel: null,
  fields: {},
  certificates: 1,
  status: 'ACTIVE',
  createdAt: at(1),
};
const facts: DeviceFacts = {
  device: 'acme/a',
  row: approved,
  certificates: [certificate()],
  revocations: [],
  run: { verdict: 'PASS', failure: null, startedAt: at(1) },
  issuers: [{ id: 'issuer-1', subject: 'Device CA', notAfter: at(30) }],
  crls: [{ issuer: 'issuer-1', number: 7, nextUpdate: at(16), publishedAt: at(15) }],
  owedSince: null,
  broker: null,
  now: at(15),
};
const causes = (more: Partial<DeviceFacts>): string[] =>
  judgeDevice({ ...facts, ...more }).flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure.code}`]));

describe('why a device cannot connect', () => {
  test('nothing is found where all is good, also of one that waits for its proof', () => {
    expect(causes({})).toEqual([]);
    expect(causes({ certificates: [certificate({ status: 'SIGNED' })] })).toEqual([]);
  });

  test.each<[string, Partial<DeviceFacts>, string]>([
    ['nobody has heard of it', { row: null, certificates: [] }, 'registered: NOT_FOUND'],
    ['it waits for approval', { row: { ...approved, state: 'PENDING' }, certificates: [] }, 'registered: DEVICE_PENDING'],
    ['it never got a certificate', { certificates: [] }, 'certificate: DEVICE_WITHOUT_CERTIFICATE'],
    [
      'only a signature was asked for',
      { certificates: [certificate({ status: 'RESERVED', fingerprint: null })] },
      'certificate: DEVICE_WITHOUT_CERTIFICATE',
    ],
    ['revoked', { certificates: [certificate({ status: 'REVOKED', revokedAt: at(2) })] }, 'certificate: CERTIFICATE_REVOKED'],
    ['expired', { certificates: [certificate({ notAfter: at(14) })] }, 'certificate: CERTIFICATE_EXPIRED'],
    ['not begun', { certificates: [certificate({ notBefore: at(20) })] }, 'certificate: CLOCKS_DIFFER'],
    ['its CA has expired', { issuers: [{ id: 'issuer-1', subject: 'Device CA', notAfter: at(14) }] }, 'issuer: CA_EXPIRED'],
    [
      'the list has expired',
      { crls: [{ issuer: 'issuer-1', number: 7, nextUpdate: at(14), publishedAt: at(13) }] },
      'revocation list: BROKER_CRL_EXPIRED',
    ],
    ['its entry waits', { owedSince: at(15) }, 'access list: CERTIFICATE_NOT_FOUND'],
  ])('%s', (_, more, cause) => {
    expect(causes(more)[0]).toBe(cause);
  });

  test('a good certificate beside a revoked one is the one to use', () => {
    const list = [certificate({ serial: 'BB', status: 'REVOKED', revokedAt: at(3) }), certificate({ serial: 'AA' })];
    expect(judgeDevice({ ...facts, certificates: list }).find(({ name }) => name === 'certificate')).toMatchObject({
      result: 'PASS',
      value: expect.stringContaining('AA') as string,
    });
  });

  test('the list of another issuer says nothing about this device', () => {
    expect(causes({ crls: [{ issuer: 'issuer-2', number: 1, nextUpdate: at(1), publishedAt: at(1) }] })).toEqual([]);
  });
});
