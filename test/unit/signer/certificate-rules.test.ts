import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import {
  der,
  keyIdentifier,
  keyUsageBits,
  name,
  oids,
  readPublicKeyInfo,
  signatureAlgorithm,
  spkiOf,
  time,
} from '../../../src-main/der/index.ts';
import { checkCertificate, type CertificateScope, type CompiledProfile } from '../../../src-main/signer/certificate-rules.ts';
import type { CertificateSigner } from '../../../src-main/signer/issuer-key.ts';
import { signingProfile } from '../../../src-main/station/ca/index.ts';
import { shippedProfile } from '../../support/signer.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 23, 2, 0, 0);
const minute = 60_000;
const newSpki = (curve = 'P-256'): Buffer => spkiOf(generateKeyPairSync('ec', { namedCurve: curve }).publicKey);
const keyId = (spki: Uint8Array): Buffer => keyIdentifier(readPublicKeyInfo(spki).bits);

const [caSpki, deviceSpki] = [newSpki(), newSpki()];
const caName = name({ organization: 'Acme', commonName: 'Acme issuer 1' });
const authority = { subject: caName, notBefore: now - 100 * day, notAfter: now + 4000 * day, pathLength: 0 };
const [own, foreign] = ['http://crl.example/crl/i/0.crl', 'http://attacker.example/crl/i/0.crl'];
const rootSpki = newSpki();
const issuer: CertificateSigner = { algorithm: 'ec-p256', spki: caSpki, keyId: keyId(caSpki), authority, points: [own] };
const compiled = (profile: Omit<CompiledProfile, 'pattern'>): CompiledProfile => ({
  ...profile,
  pattern: new RegExp(`^(?:${profile.commonName})$`, 'u'),
});
const device = compiled(signingProfile(shippedProfile('device')));
const authorityProfile = compiled({
  name: 'issuer',
  ca: true,
  commonName: '.+',
  extendedKeyUsage: [],
  keyAlgorithms: ['ec-p256'],
  maxValidityDays: 8000,
});

const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
const { digitalSignature, keyEncipherment, keyCertSign, cRLSign } = keyUsageBits;

const pointName = (uri: string): Buffer => der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from(uri))));
const pointTo = (uri: string): Buffer => extension(oids.crlDistributionPoints, false, der.sequence(der.sequence(pointName(uri))));

/** A right device certificate, in parts that a test replaces; null leaves an extension out. */
interface Parts {
  version: Buffer;
  serial: Buffer;
  algorithm: Uint8Array;
  issuer: Uint8Array;
  notBefore: number;
  notAfter: number;
  subject: Uint8Array;
  spki: Uint8Array;
  uniqueId: Buffer;
  basic: Buffer | null;
  usage: Buffer | null;
  purpose: Buffer | null;
  subjectKey: Buffer | null;
  authorityKey: Buffer | null;
  point: Buffer | null;
  more: readonly Buffer[];
}

function tbs(change: Partial<Parts> = {}): Buffer {
  const spki = change.spki ?? deviceSpki;
  const parts: Parts = {
    version: der.explicit(0, der.integer(2)),
    serial: der.unsignedInteger(Buffer.from('4fa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3', 'hex')),
    algorithm: signatureAlgorithm('ec-p256'),
    issuer: caName,
    notBefore: now - 10 * minute,
    notAfter: now + 365 * day,
    subject: name({ commonName: 'acme/T2-000131' }),
    spki,
    uniqueId: Buffer.alloc(0),
    basic: extension(oids.basicConstraints, true, der.sequence()),
    usage: extension(oids.keyUsage, true, der.namedBits([digitalSignature])),
    purpose: extension(oids.extendedKeyUsage, false, der.sequence(der.oid(oids.clientAuth))),
    subjectKey: extension(oids.subjectKeyIdentifier, false, der.octetString(keyId(spki))),
    authorityKey: extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, issuer.keyId))),
    point: pointTo(own),
    more: [],
    ...change,
  };
  const list = [parts.basic, parts.usage, parts.purpose, parts.subjectKey, parts.authorityKey, parts.point, ...parts.more].filter(
    (one) => one !== null,
  );
  const validity = der.sequence(time(parts.notBefore), time(parts.notAfter));
  const head = [parts.version, parts.serial, parts.algorithm, parts.issuer, validity, parts.subject, parts.spki, parts.uniqueId];
  return der.sequence(...head, der.explicit(3, der.sequence(...list)));
}

/** A session for one tenant, with two keys of CAs on its token besides the one of a ceremony. */
const scope = (profile: CompiledProfile): CertificateScope => ({
  tenants: ['acme', 'a'],
  isAuthorityKey: (spki) => [caSpki, rootSpki].some((one) => one.equals(spki)),
  isOnToken: (spki) => [caSpki, rootSpki, ...(profile.ca ? [deviceSpki] : [])].some((one) => one.equals(spki)),
});

function ruleBroken(bytes: Uint8Array, profile: CompiledProfile = device, signer: CertificateSigner = issuer): string | null {
  try {
    checkCertificate(bytes, profile, signer, scope(profile), now);
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'SESSION_REFUSED') return String(error.params['rule']);
    throw error;
  }
}

const serial = (hex: string): Buffer => der.unsignedInteger(Buffer.from(hex, 'hex'));
const usage = (...bits: number[]): Buffer => extension(oids.keyUsage, true, der.namedBits(bits));
const purposes = (...ids: string[]): Buffer => extension(oids.extendedKeyUsage, false, der.sequence(...ids.map(der.oid)));
const authorityKey = (id: Uint8Array): Buffer => extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, id)));
const commonName = (text: string): Buffer => name({ commonName: text });
const names = (...list: readonly Buffer[]): Buffer => extension(oids.subjectAltName, false, der.sequence(...list));
const dnsName = (text: string): Buffer => der.implicit(2, Buffer.from(text, 'latin1'));
const ipName = (...bytes: number[]): Buffer => der.implicit(7, Buffer.from(bytes));
const uriName = (text: string): Buffer => der.implicit(6, Buffer.from(text, 'latin1'));

describe('what the signer refuses to sign for a device', () => {
  it('signs a right one', () => {
    expect(ruleBroken(tbs())).toBeNull();
  });

  it.each<[string, Partial<Parts>, RegExp]>([
    ['version 1', { version: Buffer.alloc(0) }, /version 3/u],
    ['version 2', { version: der.explicit(0, der.integer(1)) }, /version 3/u],
    ['a short serial number', { serial: serial('11223344556677') }, /serial/u],
    ['a serial number of 21 bytes', { serial: serial('8fa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3') }, /serial/u],
    ['a negative serial number', { serial: der.tlv(2, Buffer.from('9122334455667788', 'hex')) }, /serial/u],
    ['another signature algorithm', { algorithm: signatureAlgorithm('ec-p384') }, /signature algorithm/u],
    ['another issuer name', { issuer: name({ organization: 'Acme', commonName: 'Acme issuer 2' }) }, /issuer name/u],
    [
      'the same name in other bytes',
      {
        issuer: der.sequence(
          der.tlv(0x31, der.sequence(der.oid(oids.organizationName), der.tlv(0x13, Buffer.from('Acme')))),
          der.tlv(0x31, der.sequence(der.oid(oids.commonName), der.tlv(0x13, Buffer.from('Acme issuer 1')))),
        ),
      },
      /issuer name/u,
    ],
    ['a key of another kind', { spki: newSpki('P-384') }, /kind of key/u],
    ['a key on an unknown curve', { spki: newSpki('secp256k1') }, /kind of key/u],
    ['the issuer’s own key', { spki: caSpki }, /own key/u],
    ['the key of the root', { spki: rootSpki }, /only the certificate of a CA/u],
    ['another tenant', { subject: commonName('other/T2-000131') }, /tenant/u],
    ['an end in the past', { notBefore: now - 20 * minute, notAfter: now - 1000 }, /expired already/u],
    ['no distribution point', { point: null }, /distribution point/u],
    ['a foreign distribution point', { point: pointTo(foreign) }, /distribution point/u],
    [
      'a second distribution point, of somebody else',
      {
        point: extension(oids.crlDistributionPoints, false, der.sequence(der.sequence(pointName(own)), der.sequence(pointName(foreign)))),
      },
      /distribution point/u,
    ],
    [
      'a distribution point for some reasons only',
      {
        point: extension(
          oids.crlDistributionPoints,
          false,
          der.sequence(der.sequence(pointName(own), der.implicit(1, Buffer.from([1, 2])))),
        ),
      },
      /distribution point/u,
    ],
    ['a common name outside the profile', { subject: commonName('birthmark:observer') }, /common name/u],
    ['a common name with a third part', { subject: commonName('acme/T2/1') }, /common name/u],
    ['a common name with a wildcard', { subject: commonName('acme/+') }, /common name/u],
    ['a common name of dots', { subject: commonName('acme/..') }, /common name/u],
    [
      'an organization beside the common name in one part, and once more',
      {
        subject: der.sequence(
          der.tlv(0x31, der.sequence(der.oid(oids.organizationName), der.utf8String('Acme'))),
          der.tlv(
            0x31,
            der.sequence(der.oid(oids.organizationName), der.utf8String('Acme')),
            der.sequence(der.oid(oids.commonName), der.utf8String('acme/T2-000131')),
          ),
        ),
      },
      /one attribute/u,
    ],
    [
      'an organization twice',
      {
        subject: der.sequence(
          ...['Acme', 'Other'].map((text) => der.tlv(0x31, der.sequence(der.oid(oids.organizationName), der.utf8String(text)))),
          der.tlv(0x31, der.sequence(der.oid(oids.commonName), der.utf8String('acme/T2-000131'))),
        ),
      },
      /none twice/u,
    ],
    ['a common name that is too long', { subject: commonName(`${'a'.repeat(40)}/${'b'.repeat(40)}`) }, /common name/u],
    [
      'an authority key identifier with more in it',
      {
        authorityKey: extension(
          oids.authorityKeyIdentifier,
          false,
          der.sequence(der.implicit(0, issuer.keyId), der.implicit(2, Buffer.from([1]))),
        ),
      },
      /authority key/u,
    ],
    ['an extension that nobody asked for', { more: [extension('1.3.6.1.5.5.7.1.24', false, der.sequence(der.integer(5)))] }, /no place/u],
    [
      'a point that is not on the curve',
      (() => {
        const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]);
        return { spki: der.sequence(der.sequence(der.oid(oids.ecPublicKey), der.oid(oids.prime256v1)), der.bitString(point)) };
      })(),
      /key that is none/u,
    ],
    ['no common name', { subject: der.sequence() }, /common name/u],
    [
      'two common names',
      {
        subject: der.sequence(
          ...['acme/a', 'acme/b'].map((text) => der.tlv(0x31, der.sequence(der.oid(oids.commonName), der.utf8String(text)))),
        ),
      },
      /common name/u,
    ],
    ['an end before the start', { notAfter: now - 11 * minute }, /end must be after/u],
    ['a validity beyond the profile', { notAfter: now + 3650 * day + 1000 }, /longer than the profile/u],
    ['a start in the far past', { notBefore: now - 26 * minute }, /too far from now/u],
    ['a start in the future', { notBefore: now + 6 * minute }, /too far from now/u],
    ['a CA', { basic: extension(oids.basicConstraints, true, der.sequence(der.boolean(true))) }, /basic constraints/u],
    ['no basic constraints', { basic: null }, /basic constraints/u],
    ['basic constraints that are not critical', { basic: extension(oids.basicConstraints, false, der.sequence()) }, /basic constraints/u],
    ['a path length on a leaf', { basic: extension(oids.basicConstraints, true, der.sequence(der.integer(0))) }, /path length/u],
    ['no key usage', { usage: null }, /key usage/u],
    ['a key usage that is not critical', { usage: extension(oids.keyUsage, false, der.namedBits([digitalSignature])) }, /key usage/u],
    ['the right to sign certificates', { usage: usage(digitalSignature, keyCertSign) }, /key usage/u],
    ['the right to sign CRLs', { usage: usage(digitalSignature, cRLSign) }, /key usage/u],
    ['key encipherment for an EC key', { usage: usage(digitalSignature, keyEncipherment) }, /key usage/u],
    ['no digital signature', { usage: usage(3) }, /key usage/u],
    ['the purpose of a server', { purpose: purposes(oids.serverAuth) }, /extended key usage/u],
    ['one purpose too many', { purpose: purposes(oids.clientAuth, oids.serverAuth) }, /extended key usage/u],
    ['any purpose', { purpose: purposes('2.5.29.37.0') }, /extended key usage/u],
    ['an empty list of purposes', { purpose: purposes() }, /extended key usage/u],
    ['no purpose at all', { purpose: null }, /extended key usage/u],
    ['another authority key', { authorityKey: authorityKey(Buffer.alloc(20, 7)) }, /authority key/u],
    ['no authority key', { authorityKey: null }, /authority key/u],
    [
      'another subject key id',
      { subjectKey: extension(oids.subjectKeyIdentifier, false, der.octetString(Buffer.alloc(20, 7))) },
      /subject key/u,
    ],
    ['no subject key id', { subjectKey: null }, /subject key/u],
    ['an unknown critical extension', { more: [extension('1.2.3.4', true, der.nothing)] }, /unknown critical/u],
    ['name constraints', { more: [extension('2.5.29.30', true, der.sequence())] }, /unknown critical/u],
    ['an extension twice', { more: [usage(digitalSignature)] }, /twice/u],
    ['an alternative name where the profile has none', { more: [names(dnsName('mqtt.example.com'))] }, /alternative names/u],
    ['a unique id', { uniqueId: der.implicit(1, Buffer.from([0, 1])) }, /tbsCertificate/u],
  ])('%s', (_, change, rule) => {
    expect(ruleBroken(tbs(change))).toMatch(rule);
  });

  it('a validity that is longer than the issuer’s', () => {
    const ending = { ...issuer, authority: { ...authority, notAfter: now + 100 * day } };
    expect(ruleBroken(tbs(), device, ending)).toMatch(/within the issuer/u);
    const starting = { ...issuer, authority: { ...authority, notBefore: now } };
    expect(ruleBroken(tbs(), device, starting)).toMatch(/within the issuer/u);
  });

  it.each([
    ['bytes after the end', Buffer.concat([tbs(), Buffer.from([0])])],
    ['bytes that are missing', tbs().subarray(0, -1)],
    ['a whole certificate', der.sequence(tbs(), signatureAlgorithm('ec-p256'), der.bitString(Buffer.alloc(70)))],
    ['a digest', Buffer.alloc(32, 1)],
    ['nothing', Buffer.alloc(0)],
    ['a revocation list', der.sequence(der.integer(1), signatureAlgorithm('ec-p256'), caName, time(now), time(now + day))],
  ])('%s', (_, bytes) => {
    expect(ruleBroken(bytes)).toMatch(/tbsCertificate/u);
  });
});

describe('the names of a server', () => {
  const any = compiled(signingProfile(shippedProfile('server')));
  const own = compiled(signingProfile(shippedProfile('server'), ['localhost', '127.0.0.1']));
  const server = (...list: readonly Buffer[]): Buffer =>
    tbs({
      purpose: purposes(oids.serverAuth),
      subject: commonName('localhost'),
      notAfter: now + 365 * day,
      more: list.length === 0 ? [] : [names(...list)],
    });
  const localhost = dnsName('localhost');

  it('signs hosts and addresses, the common name among them', () => {
    expect(ruleBroken(server(localhost), any)).toBeNull();
    expect(
      ruleBroken(server(dnsName('mqtt.example.com'), localhost, ipName(10, 0, 0, 1), ipName(...new Array<number>(16).fill(1))), any),
    ).toBeNull();
    expect(ruleBroken(server(localhost, ipName(127, 0, 0, 1)), own)).toBeNull();
  });

  it.each<[string, readonly Buffer[]]>([
    ['none', []],
    ['an empty list', [der.nothing]],
    ['none that is the common name', [dnsName('mqtt.example.com')]],
    ['a URI beside it', [localhost, uriName('https://localhost/')]],
    ['a mail address beside it', [localhost, der.implicit(1, Buffer.from('a@b.example'))]],
    ['a directory name beside it', [localhost, der.explicit(4, commonName('x'))]],
    ['an address of three bytes', [localhost, ipName(1, 2, 3)]],
    ['a network', [localhost, ipName(10, 0, 0, 0, 255, 0, 0, 0)]],
    ['a wildcard', [localhost, dnsName('*.example.com')]],
    ['upper case', [localhost, dnsName('MQTT.example.com')]],
    ['an address as a name', [localhost, dnsName('10.0.0.1')]],
    ['a NUL', [localhost, dnsName('mqtt.example.com\0.evil.example')]],
    ['a name that is not in A-labels', [localhost, dnsName('b\u00fccher.example')]],
  ])('%s is refused', (_, list) => {
    const bytes =
      list[0] === der.nothing
        ? tbs({ purpose: purposes(oids.serverAuth), subject: commonName('localhost'), more: [names()] })
        : server(...list);
    expect(ruleBroken(bytes, any)).toMatch(/alternative names|tbsCertificate/u);
  });

  it('a host that the session does not have is refused', () => {
    expect(ruleBroken(server(localhost, dnsName('mqtt.example.com')), own)).toMatch(/alternative names/u);
    expect(ruleBroken(server(localhost, ipName(127, 0, 0, 2)), own)).toMatch(/alternative names/u);
  });

  it('of a device with a URI it is that URI alone', () => {
    const profile = compiled(signingProfile({ ...shippedProfile('device'), uri: 'urn:acme:{tenant}:{device}' }));
    expect(ruleBroken(tbs({ more: [names(uriName('urn:acme:a:b'))] }), profile)).toBeNull();
    for (const list of [
      [],
      [names(uriName('urn:other:a:b'))],
      [names(uriName('urn:acme:a:b'), uriName('urn:acme:a:c'))],
      [names(dnsName('a'))],
    ])
      expect(ruleBroken(tbs({ more: list }), profile)).toMatch(/alternative names/u);
  });
});

describe('what a ceremony refuses to sign', () => {
  const own: CertificateSigner = { ...issuer, authority: null };
  const ca = (pathLength: number | null): Buffer =>
    extension(oids.basicConstraints, true, der.sequence(der.boolean(true), ...(pathLength === null ? [] : [der.integer(pathLength)])));
  const rootParts: Partial<Parts> = { spki: caSpki, subject: caName, basic: ca(null), usage: usage(keyCertSign, cRLSign), purpose: null };
  const below: Partial<Parts> = { ...rootParts, spki: deviceSpki, subject: commonName('Issuer'), basic: ca(0) };
  const root: CertificateSigner = { ...issuer, authority: { ...authority, pathLength: null } };

  it('signs a root and an issuer below it', () => {
    expect(ruleBroken(tbs(rootParts), authorityProfile, own)).toBeNull();
    expect(ruleBroken(tbs(below), authorityProfile, root)).toBeNull();
  });

  it.each<[string, Partial<Parts>, CertificateSigner, RegExp]>([
    ['another key’s certificate by a key without one', { ...rootParts, spki: deviceSpki }, own, /only sign its own/u],
    ['a root that says another issuer', { ...rootParts, issuer: commonName('Somebody') }, own, /issuer name/u],
    ['a path length in a root', { ...rootParts, basic: ca(1) }, own, /path length/u],
    ['an issuer without a path length', { ...below, basic: ca(null) }, root, /path length/u],
    ['an issuer that may have CAs below it', { ...below, basic: ca(1) }, root, /path length/u],
    ['a CA below a CA that may have none', below, issuer, /path length/u],
    ['a CA that may not sign CRLs', { ...below, usage: usage(keyCertSign) }, root, /key usage/u],
    ['a CA that may encipher', { ...below, usage: usage(keyCertSign, cRLSign, keyEncipherment) }, root, /key usage/u],
    ['a CA with a purpose', { ...below, purpose: purposes(oids.clientAuth) }, root, /extended key usage/u],
    ['a CA whose key is not on the token', { ...below, spki: newSpki() }, root, /on the token/u],
    ['a leaf', { ...below, basic: extension(oids.basicConstraints, true, der.sequence()) }, root, /basic constraints/u],
  ])('%s', (_, change, signer, rule) => {
    expect(ruleBroken(tbs(change), authorityProfile, signer)).toMatch(rule);
  });
});
