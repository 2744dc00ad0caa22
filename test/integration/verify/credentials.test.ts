import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificatesOf, readCredentials } from '../../../src-main/station/verify/index.ts';
import { TestCa, type TestIdentity } from '../../support/pki.ts';

const ca = new TestCa('Customer CA');
const leaf = ca.issue('acme/a');
const other = ca.issue('acme/b');
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'birthmark-credentials-'));
  writeFileSync(join(dir, 'leaf.pem'), leaf.certificatePem);
  writeFileSync(join(dir, 'leaf.key'), leaf.keyPem);
  writeFileSync(join(dir, 'ca.pem'), ca.certificatePem);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const p12 = (...more: string[]): string => {
  execFileSync(
    'openssl',
    [
      'pkcs12',
      '-export',
      '-in',
      'leaf.pem',
      '-inkey',
      'leaf.key',
      '-certfile',
      'ca.pem',
      '-passout',
      'pass:sesam öffne',
      '-out',
      'out.p12',
      ...more,
    ],
    { cwd: dir },
  );
  return readFileSync(join(dir, 'out.p12')).toString('base64');
};
const subjects = (identity: { certificatePem: string } | null): string[] =>
  certificatesOf(identity?.certificatePem ?? '').map(({ subject }) => subject);

test.each([
  ['as OpenSSL writes it today', []],
  ['AES-128 with SHA-1', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha1']],
  ['Triple DES, as Windows writes it', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES']],
  ['certificates in the clear', ['-certpbe', 'NONE']],
  ['many rounds', ['-iter', '100000']],
])('PKCS#12, %s: the key and its chain, leaf first', (_, options) => {
  const { identity } = readCredentials({ kind: 'p12', file: p12(...options), passphrase: 'sesam öffne' });
  expect(subjects(identity)).toEqual(['CN=acme/a', 'CN=Customer CA']);
});

test('PKCS#12: what is wrong is said', () => {
  const refused = (file: string, passphrase: string): unknown => {
    try {
      return readCredentials({ kind: 'p12', file, passphrase });
    } catch (error) {
      return error;
    }
  };
  expect(refused(p12(), 'wrong')).toMatchObject({ code: 'INVALID_INPUT', params: { field: 'p12', problem: 'the passphrase is wrong' } });
  expect(refused(p12('-legacy'), 'sesam öffne')).toMatchObject({
    params: { problem: expect.stringContaining('no longer supported') as string },
  });
  expect(refused(p12('-nokeys'), 'sesam öffne')).toMatchObject({ params: { problem: 'there is no private key in it' } });
  const whole = Buffer.from(p12(), 'base64');
  for (const damaged of [whole.subarray(0, whole.length - 40), Buffer.from('-----BEGIN'), Buffer.alloc(0)])
    expect(refused(damaged.toString('base64'), 'sesam öffne')).toMatchObject({ code: 'INVALID_INPUT' });
});

test('a file that asks for a quarter of an hour of key derivation is refused at once', () => {
  // 65,536 rounds, then the same three octets as 8,388,607: more than any program writes.
  const greedy = (der: Buffer): Buffer => {
    const rounds = Buffer.from('0203010000', 'hex');
    expect(der.includes(rounds)).toBe(true);
    for (let at = der.indexOf(rounds); at >= 0; at = der.indexOf(rounds)) der.write('02037fffff', at, 'hex');
    return der;
  };
  const problem = 'it asks for 8388607 rounds of key derivation';
  for (const options of [[], ['-certpbe', 'NONE'], ['-certpbe', 'NONE', '-keypbe', 'PBE-SHA1-3DES']]) {
    const file = greedy(Buffer.from(p12('-iter', '65536', ...options), 'base64')).toString('base64');
    const read = (): unknown => readCredentials({ kind: 'p12', file, passphrase: 'sesam öffne' });
    expect(read).toThrowError(expect.objectContaining({ params: { field: 'p12', problem } }) as Error);
  }
  const pkcs8 = ['pkcs8', '-topk8', '-in', 'leaf.key', '-iter', '65536', '-passout', 'pass:secret', '-outform', 'DER'];
  const der = greedy(execFileSync('openssl', pkcs8, { cwd: dir }));
  const keyPem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  const read = (): unknown => readCredentials({ kind: 'pem', certificatePem: leaf.certificatePem, keyPem, passphrase: 'secret' });
  expect(read).toThrowError(expect.objectContaining({ params: { field: 'key', problem } }) as Error);
});

test('PEM: PKCS#8, SEC 1, encrypted; chains; pairs that are none', () => {
  const pem = (key: string, given: Partial<TestIdentity> = {}, passphrase: string | null = null): string[] =>
    subjects(
      readCredentials({
        kind: 'pem',
        certificatePem: given.certificatePem ?? leaf.certificatePem + ca.certificatePem,
        keyPem: key,
        passphrase,
      }).identity,
    );
  expect(pem(leaf.keyPem)).toEqual(['CN=acme/a', 'CN=Customer CA']);
  const sec1 = execFileSync('openssl', ['ec', '-in', 'leaf.key'], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  expect(pem(sec1)).toHaveLength(2);
  const encrypted = execFileSync('openssl', ['pkcs8', '-topk8', '-in', 'leaf.key', '-passout', 'pass:abc'], { cwd: dir }).toString();
  expect(pem(encrypted, {}, 'abc')).toHaveLength(2);
  expect(() => pem(encrypted)).toThrowError(
    expect.objectContaining({ params: { field: 'key', problem: 'it is encrypted: a passphrase is needed' } }),
  );
  expect(() => pem(encrypted, {}, 'x')).toThrowError(
    expect.objectContaining({ params: { field: 'key', problem: 'the passphrase is wrong' } }),
  );
  expect(() => pem(other.keyPem)).toThrowError(expect.objectContaining({ code: 'KEY_MISMATCH' }));
  expect(() => pem(leaf.keyPem, { certificatePem: 'no PEM' })).toThrowError(
    expect.objectContaining({ params: { field: 'cert', problem: 'there is no certificate in it' } }),
  );
  expect(() => pem(leaf.certificatePem)).toThrowError(
    expect.objectContaining({ params: { field: 'key', problem: 'there is no private key in it' } }),
  );
});
