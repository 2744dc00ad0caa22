import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Failure } from '../../../src-main/contract/index.ts';
import {
  CertificateProfile,
  commonNameFor,
  loadCertificateProfile,
  lintCertificateProfile,
  parseCertificateProfile,
  signingProfile,
} from '../../../src-main/station/ca/index.ts';
import { shippedProfile } from '../../support/signer.ts';

function failure(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const lines = (...more: string[]): string =>
  `{\n  "name": "x",\n  "use": "device",\n  "keyAlgorithms": ["ec-p256"],\n  "commonName": "{tenant}/{device}",\n  "extendedKeyUsage": ["clientAuth"]${more.map((line) => `,\n  ${line}`).join('')}\n}\n`;
const problemOf = (text: string): Record<string, unknown> => failure(() => parseCertificateProfile(text, 'x.json')).params;

describe('a certificate profile', () => {
  it.each(['device', 'service', 'canary', 'server'])('“%s” is shipped', (name) => {
    expect(shippedProfile(name).name).toBe(name);
  });

  it('has a shipped JSON Schema that says what the code says', () => {
    const file = new URL('../../../resources/profiles/certificates/certificate-profile.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(z.toJSONSchema(CertificateProfile, { io: 'input' }));
  });

  it('has defaults', () => {
    expect(parseCertificateProfile(lines(), 'x.json')).toMatchObject({ validityDays: 365, maxValidityDays: 3650 });
  });

  it.each([
    ['an unknown key', lines('"colour": "red"'), 7, /colour/u],
    ['a wrong type', lines('"validityDays": "long"'), 7, /validityDays/u],
    ['a validity beyond its own cap', lines('"validityDays": 100', '"maxValidityDays": 90'), 7, /maxValidityDays/u],
    ['a validity beyond 3650 days', lines('"maxValidityDays": 3651'), 7, /maxValidityDays/u],
    ['a key algorithm that is not known', lines().replace('ec-p256', 'md5'), 4, /keyAlgorithms/u],
    ['an unknown placeholder', lines().replace('{device}', '{pin}'), 5, /braces/u],
    ['a server purpose on a device', lines().replace('clientAuth', 'serverAuth'), 6, /serverAuth/u],
    ['JSON that is none', '{\n  "name": "x",\n  oops\n}\n', 3, /JSON/u],
    ['an end too soon', '{\n  "name": "x",\n', 2, /JSON/u],
    ['a key that stands there twice', lines('"validityDays": 1', '"validityDays": 2'), 8, /twice/u],
    ['a common name that the broker does not know a device by', lines().replace('{tenant}/{device}', '{device}'), 5, /brokers/u],
    ['a control character in a name', lines('"organization": "a\\u0007"'), 7, /control/u],
  ])('with %s is refused with its line', (_, text, line, problem) => {
    const params = problemOf(text);
    expect(params).toMatchObject({ file: 'x.json', line });
    expect(params['problem']).toMatch(problem);
  });

  it('is told all its errors at once, in the order of the lines, with columns', () => {
    const text = lines('"validityDays": 0', '"colour": "red"').replace('ec-p256', 'md5');
    const { profile, findings } = lintCertificateProfile(text);
    expect(profile).toBeNull();
    expect(findings.map(({ line, column, level }) => [line, column, level])).toEqual([
      [4, 21, 'error'],
      [7, 3, 'error'],
      [8, 3, 'error'],
    ]);
  });

  it('is told what should be thought about, and can be used', () => {
    const { profile, findings } = lintCertificateProfile(lines('"validityDays": 3650').replace('ec-p256', 'rsa-2048'));
    expect(profile).toMatchObject({ validityDays: 3650 });
    expect(findings.map(({ line, level }) => [line, level])).toEqual([
      [4, 'warning'],
      [7, 'warning'],
    ]);
    expect(lintCertificateProfile(lines()).findings).toEqual([]);
  });

  it('that is not there is named', () => {
    expect(failure(() => loadCertificateProfile('/nowhere/x.json')).code).toBe('NOT_FOUND');
  });
});

describe('a common name', () => {
  const device = shippedProfile('device');
  const pattern = new RegExp(`^(?:${signingProfile(device).commonName})$`, 'u');

  it('is {tenant}/{device}, and the signer’s pattern agrees', () => {
    expect(commonNameFor(device, { tenant: 'acme', device: 'T2-000131' })).toBe('acme/T2-000131');
    expect(pattern.test('acme/T2-000131')).toBe(true);
  });

  it.each(['..', '.', '', 'a/b', 'a+', 'a#', 'a\nb', 'a b', 'ä', 'a\0', '*'])(
    'refuses “%s” as a device id, and so does the signer’s pattern',
    (id) => {
      expect(failure(() => commonNameFor(device, { tenant: 'acme', device: id })).code).toBe('ID_INVALID');
      expect(pattern.test(`acme/${id}`)).toBe(false);
      expect(failure(() => commonNameFor(device, { tenant: id, device: 'x' })).code).toBe('ID_INVALID');
      expect(pattern.test(`${id}/x`)).toBe(false);
    },
  );

  it('has at most 64 characters', () => {
    expect(commonNameFor(device, { tenant: 'a'.repeat(31), device: 'b'.repeat(32) })).toHaveLength(64);
    expect(failure(() => commonNameFor(device, { tenant: 'a'.repeat(32), device: 'b'.repeat(32) })).code).toBe('ID_INVALID');
  });

  it('of the station’s own certificates can never be a device’s', () => {
    for (const name of ['service', 'canary']) expect(pattern.test(commonNameFor(shippedProfile(name), { name: 'good' }))).toBe(false);
  });
});
