import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRequestInfo, certificatesFromFiles, checkChain, checkRootCrl, requestToPem } from '../../../src-main/station/ca/index.ts';
import { name, spkiOf } from '../../../src-main/der/index.ts';
import { caExtensions, CustomerCa, issuingExtensions, type CaOptions } from '../../support/customer-ca.ts';

// Every refusal on certificates that openssl made, as a customer's administrator would.
const ca = new CustomerCa();
let csr = '';
let spki: Buffer;

beforeAll(() => {
  ca.root('root');
  ca.intermediate('middle', 'root');
  ca.root('narrow', { extensions: caExtensions().map((line) => (line.startsWith('basic') ? `${line},pathlen:0` : line)) });
  ca.root('other', { subject: '/O=Acme/CN=root' });
  ca.root('acme', { extensions: caExtensions('nameConstraints=critical,permitted;dirName:dn').concat('[dn]', 'O=Acme') });
  ca.root('quiet', { extensions: ['basicConstraints=critical,CA:TRUE', 'subjectKeyIdentifier=hash'] });
  ca.root('rsa', { key: ['-newkey', 'rsa:2048'] });
  ca.request('ours', '/O=Acme/CN=Line 2 device CA');
  csr = readFileSync(ca.work.path('ours.csr'), 'utf8');
  spki = createPublicKey(ca.work.openssl('req', '-in', 'ours.csr', '-noout', '-pubkey').text).export({ type: 'spki', format: 'der' });
});
afterAll(() => ca.remove());

const pss = ['-sigopt', 'rsa_padding_mode:pss'];
const without = (word: string): string[] => issuingExtensions.filter((line) => !line.startsWith(word));
const check = (files: readonly string[], more: Partial<Parameters<typeof checkChain>[0]> = {}) =>
  checkChain({
    certificates: certificatesFromFiles(files.map((text) => Buffer.from(text))),
    spki,
    purpose: 'clientAuth',
    names: [{ kind: 'directory', der: name({ commonName: 'acme/x' }), text: 'acme/x' }],
    now: Date.now(),
    days: 365,
    roots: null,
    ...more,
  });
const signed = (by: string, options: CaOptions = {}): string => ca.sign(csr, by, options);

test('what is right is taken: in any order, with strangers, as PKCS#7, below an intermediate, and from a root without key usage', () => {
  const own = signed('middle');
  const chain = check([ca.read('other.pem') + ca.read('root.pem'), own + ca.read('middle.pem')]);
  expect(chain.chain).toHaveLength(2);
  expect(chain.warnings).toEqual([]);
  ca.work.write('all.pem', own + ca.read('middle.pem') + ca.read('root.pem'));
  const bundle = ca.work.openssl('crl2pkcs7', '-nocrl', '-certfile', 'all.pem').text;
  expect(check([bundle]).chain).toHaveLength(2);
  expect(check([signed('rsa', { digest: [...pss, '-sha256'] }), ca.read('rsa.pem')]).chain).toHaveLength(1);
  expect(check([signed('quiet'), ca.read('quiet.pem')]).warnings.join()).toContain('key usage');
});

describe('what openssl takes, too', () => {
  const day = 86_400_000;
  const fileOf = (name: string): string => readFileSync(ca.work.path(name), 'utf8');
  const must = (...args: readonly string[]): void => expect(ca.work.openssl(...args)).toMatchObject({ ok: true });

  test('a cross-signed root without its parent and expired copies, wherever they stand in the file', () => {
    ca.root('old', { subject: '/O=Acme/CN=Old root' });
    const cross = ca.sign(fileOf('root.csr'), 'old', { extensions: caExtensions('authorityKeyIdentifier=keyid') });
    must('x509', '-req', '-in', 'root.csr', '-signkey', 'root.key', '-days', '1', '-extfile', 'root.ext', '-out', 'root-1.pem');
    const above = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial'];
    must('x509', '-req', '-in', 'middle.csr', ...above, '-days', '1', '-extfile', 'middle.ext', '-out', 'middle-1.pem');
    const [own, ownShort] = [signed('middle'), signed('middle', { days: 1 })];
    const [root, middle] = [ca.read('root.pem'), ca.read('middle.pem')];
    const files = [cross, ca.read('root-1.pem'), ca.read('middle-1.pem'), ownShort, own, middle, root];
    const expected = check([own, middle, root], { now: Date.now() + 2 * day });
    for (let turn = 0; turn < files.length; turn++) {
      const turned = [...files.slice(turn), ...files.slice(0, turn)];
      for (const order of [turned, turned.toReversed()]) expect(check(order, { now: Date.now() + 2 * day })).toEqual(expected);
    }
  });

  test('names in another case and another kind of string', () => {
    const upper = [
      '-utf8',
      '-subj',
      '/O=ACME/CN=MIDDLE',
      '-config',
      ca.work.write('types.cnf', '[req]\nstring_mask=nombstr\ndistinguished_name=dn\n[dn]\n'),
    ];
    must('req', '-new', '-key', 'middle.key', ...upper, '-out', 'upper.csr');
    const loud = ca.sign(fileOf('upper.csr'), 'root', { extensions: caExtensions('authorityKeyIdentifier=keyid') });
    expect(check([signed('middle'), loud, ca.read('root.pem')]).chain).toHaveLength(2);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['Ed25519', ['-newkey', 'ed25519'], []],
    ['RSASSA-PSS', ['-newkey', 'rsa:2048'], [...pss, '-sha384']],
    ['ECDSA with SHA-512', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1'], ['-sha512']],
  ])('a root with %s: its certificates and its revocation lists', (what, key, digest) => {
    const root = `root-${what.replaceAll(' ', '-')}`;
    ca.root(root, { key, digest });
    expect(check([signed(root, { digest }), ca.read(`${root}.pem`)]).chain).toHaveLength(1);
    const [der] = certificatesFromFiles([Buffer.from(ca.read(`${root}.pem`))]);
    const options = digest.filter((word) => !word.startsWith('-sha'));
    const file = Buffer.from(ca.crl(root, '07', { digest: options }));
    const request = { file, cas: der === undefined ? [] : [der], held: () => null, serials: [], now: Date.now() + 1000 };
    expect(checkRootCrl(request)).toMatchObject({ number: '7', entries: 0 });
    const damaged = Buffer.from(file.toString().replace(/-----.*?-----|\s/gu, ''), 'base64');
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(() => checkRootCrl({ ...request, file: damaged })).toThrow(
      expect.objectContaining({ params: expect.objectContaining({ check: 'signature' }) as unknown }) as Error,
    );
  });
});

test.each([
  ['zero', '0', 'is zero'],
  ['negative', '-5', 'is negative'],
  ['of 21 octets', `0x01${'00'.repeat(20)}`, 'has 21 octets'],
])('a serial number that is %s is refused', (_, serial, problem) => {
  expect(() => check([signed('root', { digest: ['-sha256', '-set_serial', serial] }), ca.read('root.pem')])).toThrow(
    expect.objectContaining({ params: { check: 'serial number', problem: expect.stringContaining(problem) as string } }) as Error,
  );
});

describe('a request of the station’s own, whose extensions are taken from it', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = spkiOf(pair.publicKey);
  const info = buildRequestInfo({ subject: { organization: 'Acme', commonName: 'Line 2 device CA' }, spki: own });
  beforeAll(() => {
    ca.work.write('own.csr', requestToPem(info, 'ec-p256', sign('sha256', info, pair.privateKey)));
  });
  const isTaken = (file: string): void => {
    const text = ca.work.openssl('x509', '-in', file, '-noout', '-text').text;
    for (const said of ['CA:TRUE, pathlen:0', 'Certificate Sign, CRL Sign', 'Subject Key Identifier']) expect(text).toContain(said);
    expect(check([ca.read(file), ca.read('root.pem')], { spki: own })).toMatchObject({ chain: [expect.anything()], warnings: [] });
    expect(ca.work.openssl('verify', '-x509_strict', '-CAfile', 'root.pem', file).text).toBe(`${file}: OK\n`);
  };

  test('by openssl ca with copy_extensions', () => {
    ca.work.write('issued', '');
    const policy = ['[any]', 'commonName=supplied', 'organizationName=optional'];
    const section = ['database=issued', 'rand_serial=yes', 'new_certs_dir=.', 'default_md=sha256', 'policy=any', 'copy_extensions=copy'];
    ca.work.write('copy.cnf', ['[ca]', 'default_ca=this', '[this]', ...section, ...policy].join('\n'));
    const by = ['-cert', 'root.pem', '-keyfile', 'root.key', '-days', '1825'];
    const { ok, text } = ca.work.openssl('ca', '-config', 'copy.cnf', '-batch', '-notext', ...by, '-in', 'own.csr', '-out', 'copied.pem');
    expect([ok, text]).toEqual([true, expect.anything()]);
    isTaken('copied.pem');
  });

  test.each([
    ['honor_crq_extensions', ['honor_crq_extensions']],
    ['the extensions named', []],
  ])('by certtool with %s', (_, more) => {
    ca.work.write('ca.cfg', ['expiration_days = 1825', 'ca', 'path_len = 0', 'cert_signing_key', 'crl_signing_key', ...more].join('\n'));
    const by = ['--load-ca-certificate', 'root.pem', '--load-ca-privkey', 'root.key', '--template', 'ca.cfg'];
    const { ok, text } = ca.work.run('certtool', '--generate-certificate', '--load-request', 'own.csr', ...by, '--outfile', 'gnutls.pem');
    expect([ok, text]).toEqual([true, expect.anything()]);
    isTaken('gnutls.pem');
  });
});

test.each<[string, string, () => string[], Partial<Parameters<typeof checkChain>[0]>]>([
  ['no key of ours', 'key match', () => [ca.read('middle.pem'), ca.read('root.pem')], {}],
  [
    'no CA',
    'CA',
    () => [signed('root', { extensions: ['basicConstraints=critical,CA:FALSE', ...without('basic')] }), ca.read('root.pem')],
    {},
  ],
  [
    'no key usage for CRLs',
    'key usage',
    () => [signed('root', { extensions: ['keyUsage=critical,keyCertSign', ...without('keyUsage')] }), ca.read('root.pem')],
    {},
  ],
  [
    'another purpose',
    'extended key usage',
    () => [signed('root', { extensions: [...issuingExtensions, 'extendedKeyUsage=codeSigning'] }), ca.read('root.pem')],
    {},
  ],
  [
    'an unknown critical extension',
    'critical extension',
    () => [signed('root', { extensions: [...issuingExtensions, '1.2.3.4=critical,ASN1:NULL'] }), ca.read('root.pem')],
    {},
  ],
  ['a short life', 'validity', () => [signed('root', { days: 30 }), ca.read('root.pem')], {}],
  ['a time before it begins', 'validity', () => [signed('root'), ca.read('root.pem')], { now: Date.now() - 3_600_000 }],
  ['a time after it has ended', 'validity', () => [signed('root'), ca.read('root.pem')], { now: Date.now() + 2000 * 86_400_000 }],
  ['SHA-1', 'weak algorithm', () => [signed('root', { digest: ['-sha1'] }), ca.read('root.pem')], {}],
  ['SHA-1 in a PSS signature', 'weak algorithm', () => [signed('rsa', { digest: [...pss, '-sha1'] }), ca.read('rsa.pem')], {}],
  ['a path length that allows no CA below', 'path length', () => [signed('narrow'), ca.read('narrow.pem')], {}],
  ['a missing root', 'chain', () => [signed('middle'), ca.read('middle.pem')], {}],
  ['a root of the same name', 'signature', () => [signed('root', { extensions: without('authority') }), ca.read('other.pem')], {}],
  ['another root than agreed on', 'root', () => [signed('root'), ca.read('root.pem')], { roots: ['0'.repeat(64)] }],
  ['names that are not permitted', 'name constraints', () => [signed('acme'), ca.read('acme.pem')], {}],
])('%s is refused by the check “%s”', (_, wanted, files, more) => {
  let failure: unknown;
  try {
    check(files(), more);
  } catch (thrown) {
    failure = thrown;
  }
  expect(failure).toMatchObject({ code: 'ISSUER_REFUSED', params: { check: wanted } });
});
