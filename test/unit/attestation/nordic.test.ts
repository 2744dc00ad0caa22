import { createHash, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { attestationFromFile, checkAttestation, checkCsr, toPem } from '../../../src-main/station/ca/index.ts';
import { spkiOf } from '../../../src-main/der/index.ts';
import { anchorPem, checkedAt, ecPair, modemUuid, nordicCose, type NordicParts } from '../../support/attestation.ts';
import { makeCsr } from '../../support/csr.ts';

/** Published by Nordic in the README of its nRF Cloud utilities: `AT%KEYGEN=17,2,0` and `AT%KEYGEN=16,2,1` of one modem. */
const published = {
  csr: 'MIIBCjCBrwIBADAvMS0wKwYDVQQDDCQ1MDM2MzE1NC0zOTMxLTQ0ZjAtODAyMi0xMjFiNjQwMTYyN2QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQqD6pNfa29o_EXnw62bnQWr8-JqsNh_HZxS3k3bMD4KZ8-qxnvgeoiqQ5zAycEP_Wcmzqypvwyf3qWMrZ2VB5aoB4wHAYJKoZIhvcNAQkOMQ8wDTALBgNVHQ8EBAMCA-gwDAYIKoZIzj0EAwIFAANIADBFAiEAv7OLZ_dXbszfhhjcLMUT72wTmw-z6GlgWxVhyWgR27ACIAvY_lPu3yfYZY5AL6uYTkUFp4GQkbSOUC_lsHyCxOuG.0oRDoQEmoQRBIVhL2dn3hQlQUDYxVDkxRPCAIhIbZAFifUERWCBwKj1W8FsvclMdZQgl4gBB4unZMYw0toU6uQZuXHLoDFAbhyLuHetYFWbiyxNZsnzSWEDUiTl7wwFt0hEsCiEQsxj-hCtpBk8Za8UXfdAycpx2faCOPJIrkfmiSS8-Y6_2tTAoAMN1BiWiTOimY1wZE3Ud',
  publicKey:
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZKgDx0O0FKa7i1yFoxYngNdV5Csyi4rEPHcFTfeBVtkkJX-G0QZs-yesfzIaPs91b4x5xYN_g28k63gkeVMJwA.0oRDoQEmoQRBIVhL2dn3hQhQUDYxVDkxRPCAIhIbZAFifUEQWCDlovwqMVoJ1W-x93Tqypy2v_1ALv3-GCF1R9gYIy2WVlBQXvxKqA9JTveFh3nVwce-WEAMltwSSkVh8jSBPhP79ndSG0HJTOaTF9SExIq-FstjdLUW2inxdvVfqzLa05rgXqxshN5vfQIs22QT-swCt30h',
};
/** Its identity key: not published, but the one key that both signatures lead to, when the CSR is their external data. */
const identityKey = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from('7b76ffcb0339a59c091651afe019a5f9ae5d0dc442994207bbb248f74cd80848', 'hex').toString('base64url'),
    y: Buffer.from('61b98a7b0e8dea68ecfb04cb0985d1ee18686ee7b3f0af4bd1de51439c1f97bd', 'hex').toString('base64url'),
  },
});

const profileOf = (...trustAnchors: string[]) => ({ name: 'modem', attestation: { required: true, trustAnchors } });
const request = (csr: Uint8Array) => ({ csr, spki: checkCsr(csr, { keyAlgorithms: ['ec-p256'] }).spki });
const outcome = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code === 'ATTESTATION_REFUSED' ? thrown.params['check'] : thrown.code;
    throw thrown;
  }
};

test('what a real modem said is read, and verified with its identity key', () => {
  const { csr, ...statement } = attestationFromFile(Buffer.from(`%KEYGEN: "${published.csr}"\r\n\r\nOK\r\n`));
  if (csr === null) throw new Error('the answer has a CSR in it');
  expect(createHash('sha256').update(csr).digest('hex')).toBe('702a3d56f05b2f72531d650825e20041e2e9d9318c34b6853ab9066e5c72e80c');
  const record = checkAttestation(profileOf(anchorPem(ecPair().publicKey), anchorPem(identityKey)), statement, request(csr), checkedAt);
  expect(record).toMatchObject({
    format: 'nordic-cose',
    deviceId: modemUuid,
    anchor: createHash('sha256').update(spkiOf(identityKey)).digest('hex'),
    checkedAt: '2026-06-01T00:00:00.000Z',
  });
  expect(record?.proven.join('; ')).toContain('security tag 17');
  const other = profileOf(anchorPem(ecPair().publicKey));
  expect(outcome(() => checkAttestation(other, statement, request(csr), checkedAt))).toBe('signature');
});

test('what the same modem said about a public key is no word about a request', () => {
  const { csr, ...statement } = attestationFromFile(Buffer.from(published.publicKey));
  expect(csr).not.toBeNull();
  const own = makeCsr(ecPair());
  expect(outcome(() => checkAttestation(profileOf(anchorPem(identityKey)), statement, request(own), checkedAt))).toBe('message type');
});

const modem = ecPair();
const pair = ecPair();
const csr = makeCsr(pair);
const check = (parts: Partial<NordicParts>, about: Uint8Array = csr): unknown =>
  outcome(() =>
    checkAttestation(
      profileOf(anchorPem(modem.publicKey)),
      { format: 'nordic-cose', bytes: nordicCose({ csr, key: modem.privateKey, ...parts }) },
      request(about),
      checkedAt,
    ),
  );

test('the CSR may be external data, or only its digest in the payload', () => {
  for (const externalData of [csr, new Uint8Array()]) expect(check({ externalData })).toMatchObject({ deviceId: modemUuid });
  expect(check({ externalData: Buffer.from('else') })).toBe('signature');
});

test.each<[string, Partial<NordicParts>, string]>([
  ['of another key', { key: ecPair().privateKey }, 'signature'],
  ['about another request', { digest: createHash('sha256').update('x').digest() }, 'digest'],
  ['of the kind of a public key message', { type: 8 }, 'message type'],
  ['of a kind that nobody knows', { type: 23 }, 'message type'],
  ['signed with a base key', { keyId: 0x23 }, 'key'],
  ['without an algorithm', { protectedHeader: Buffer.from('a0', 'hex') }, 'algorithm'],
  ['with ES512', { protectedHeader: Buffer.from('a1013823', 'hex') }, 'algorithm'],
  ['with a critical header', { protectedHeader: Buffer.from('a201260281182a', 'hex') }, 'form'],
  ['with a header twice', { protectedHeader: Buffer.from('a2012601 26'.replace(' ', ''), 'hex') }, 'form'],
  ['with a header on both sides', { protectedHeader: Buffer.from('a20126044121', 'hex') }, 'form'],
  ['with a UUID of another length', { uuid: Buffer.alloc(15) }, 'form'],
  ['with no list in it', { payload: Buffer.from('09', 'hex') }, 'form'],
  ['with an indefinite length', { payload: Buffer.from('9f09ff', 'hex') }, 'form'],
])('a statement %s is refused by the name of the check', (_, parts, expected) => {
  expect(check(parts)).toBe(expected);
});

test('a statement that was made for one request is not good for another, whatever its length or form', () => {
  expect(check({}, makeCsr(ecPair()))).toBe('digest');
  const good = nordicCose({ csr, key: modem.privateKey });
  const profile = profileOf(anchorPem(modem.publicKey));
  const say = (bytes: Uint8Array): unknown =>
    outcome(() => checkAttestation(profile, { format: 'nordic-cose', bytes }, request(csr), checkedAt));
  expect(say(Buffer.concat([good, Buffer.from([0])]))).toBe('form');
  expect(say(good.subarray(0, -1))).toBe('form');
  expect(say(new Uint8Array())).toBe('form');
  expect(say(Buffer.alloc(20_000, 0xd2))).toBe('size');
  for (let at = 0; at < good.length; at++) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect([at, typeof say(changed)]).toEqual([at, 'string']);
  }
});

test('where the profile asks for one, silence is refused; where it does not require it, silence is no record', () => {
  const asked = profileOf(anchorPem(modem.publicKey));
  expect(outcome(() => checkAttestation(asked, null, request(csr), checkedAt))).toBe('ATTESTATION_MISSING');
  const lenient = { name: 'x', attestation: { ...asked.attestation, required: false } };
  expect(checkAttestation(lenient, null, request(csr), checkedAt)).toBeNull();
  const bad = nordicCose({ csr, key: ecPair().privateKey });
  expect(outcome(() => checkAttestation(lenient, { format: 'nordic-cose', bytes: bad }, request(csr), checkedAt))).toBe('signature');
  expect(checkAttestation({ name: 'x' }, { format: 'nordic-cose', bytes: bad }, request(csr), checkedAt)).toBeNull();
});

test('a file that is none of the kinds is refused', () => {
  const problem = (bytes: Uint8Array): unknown => outcome(() => attestationFromFile(bytes));
  expect(problem(Buffer.from('hello'))).toBe('INVALID_INPUT');
  expect(problem(Buffer.alloc(0))).toBe('INVALID_INPUT');
  expect(problem(Buffer.from(toPem('PUBLIC KEY', spkiOf(modem.publicKey))))).toBe('INVALID_INPUT');
});
