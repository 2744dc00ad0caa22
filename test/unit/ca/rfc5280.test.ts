import '../../support/reflect.ts';
import { createHash, generateKeyPairSync, sign, X509Certificate as NodeCertificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { oids, readCertificateDer, spkiOf } from '../../../src-main/der/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildIssuerTbs,
  buildRootTbs,
  buildServerTbs,
  buildServiceTbs,
  certificateFromFile,
  certificateToPem,
  CertificateProfile,
  crlUri,
  newSerial,
  readCertificate,
  readIssuer,
  type Draft,
  type LeafRequest,
} from '../../../src-main/station/ca/index.ts';
import { shippedProfile } from '../../support/signer.ts';

const now = Date.UTC(2026, 10, 23, 2, 0, 0, 777);
const day = 86_400_000;
const [rootPair, issuerPair] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-256' })];
const signed = (draft: Draft, pair: typeof rootPair): Buffer =>
  assembleCertificate(draft.tbs, { algorithm: 'ec-p256' }, sign('sha256', draft.tbs, pair.privateKey));
const common = (publicKey: typeof rootPair.publicKey, commonName: string) => ({
  subject: { organization: 'Acme', commonName },
  spki: spkiOf(publicKey),
  serial: newSerial(),
  now,
});

const rootDer = signed(buildRootTbs({ ...common(rootPair.publicKey, 'Root'), days: 7300 }), rootPair);
const root = readIssuer(rootDer);
const issuerDer = signed(
  buildIssuerTbs({ ...common(issuerPair.publicKey, 'Issuer'), issuer: root, days: 5475, crlUri: crlUri('http://crl.example', 'root') }),
  rootPair,
);
const issuer = readIssuer(issuerDer);

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const request = (more: Partial<LeafRequest> = {}): LeafRequest => ({
  issuer,
  profile: shippedProfile('device'),
  spki: spkiOf(ec.publicKey),
  subject: { tenant: 'acme', device: 'T2-000131' },
  serial: newSerial(),
  now,
  crlUri: crlUri('http://crl.example', 'issuer-1'),
  ...more,
});
const deviceDraft = buildDeviceTbs(request());
const made: Readonly<Record<string, Buffer>> = {
  root: rootDer,
  issuer: issuerDer,
  device: signed(deviceDraft, issuerPair),
  'rsa device': signed(buildDeviceTbs(request({ spki: spkiOf(rsa.publicKey) })), issuerPair),
  canary: signed(buildServiceTbs(request({ profile: shippedProfile('canary'), subject: { name: 'good' } })), issuerPair),
  server: signed(
    buildServerTbs({ ...request(), profile: shippedProfile('server'), hosts: ['localhost', '127.0.0.1', '::1', '::ffff:1.2.3.4'] }),
    issuerPair,
  ),
};
const leaves = ['device', 'rsa device', 'canary', 'server'] as const;
const parsed = (name: string): x509.X509Certificate => new x509.X509Certificate(made[name] ?? Buffer.alloc(0));
const usage = (name: string): x509.KeyUsageFlags | undefined => parsed(name).getExtension(x509.KeyUsagesExtension)?.usages;

describe.each(Object.keys(made))('the certificate of a %s, as an independent reader sees it', (name) => {
  const certificate = parsed(name);
  const { fields } = readCertificateDer(made[name] ?? Buffer.alloc(0));

  it('is version 3 and signed by its issuer (4.1.2.1)', () => {
    const by = name === 'root' || name === 'issuer' ? rootPair : issuerPair;
    expect(fields.version).toBe(3);
    expect(new NodeCertificate(made[name] ?? '').verify(by.publicKey)).toBe(true);
  });
  it('has a positive serial number of 20 octets (4.1.2.2)', () => {
    expect(certificate.serialNumber).toMatch(/^[0-7][0-9a-f]{39}$/u);
  });
  it('names one signature algorithm, without parameters (4.1.1.2, RFC 5758 3.2)', () => {
    expect(Buffer.from(fields.algorithm).toString('hex')).toBe('300a06082a8648ce3d040302');
  });
  it('has an issuer that is its issuer’s subject, byte for byte (4.1.2.4)', () => {
    const above = name === 'root' || name === 'issuer' ? root : issuer;
    expect(Buffer.from(fields.issuer)).toEqual(Buffer.from(above.subject));
  });
  it('starts ten minutes ago, to the second (4.1.2.5)', () => {
    expect(certificate.notBefore.getTime()).toBe(now - 777 - 600_000);
  });
  it('ends within its issuer (pki.md)', () => {
    expect(certificate.notAfter.getTime()).toBeLessThanOrEqual(
      name === 'issuer' ? root.notAfter : name === 'root' ? Infinity : issuer.notAfter,
    );
  });
  it('has a subject (4.1.2.6)', () => {
    expect(certificate.subjectName.getField('CN')).toHaveLength(1);
  });
  it('has the authority key id of the CA above, by key id only (4.2.1.1)', () => {
    const above = name === 'root' || name === 'issuer' ? root : issuer;
    expect(certificate.getExtension(x509.AuthorityKeyIdentifierExtension)).toMatchObject({
      critical: false,
      keyId: Buffer.from(above.keyId).toString('hex'),
    });
  });
  it('has a subject key id by method 1 (4.2.1.2)', () => {
    const key = new NodeCertificate(made[name] ?? '').publicKey;
    const bits = key.asymmetricKeyType === 'ec' ? spkiOf(key).subarray(-65) : key.export({ type: 'pkcs1', format: 'der' });
    expect(certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId).toBe(createHash('sha1').update(bits).digest('hex'));
  });
  it('has critical basic constraints (4.2.1.9)', () => {
    const ca = name === 'root' || name === 'issuer';
    const basic = certificate.getExtension(x509.BasicConstraintsExtension);
    expect(basic).toMatchObject({ critical: true, ca });
    expect(basic?.pathLength).toBe(name === 'issuer' ? 0 : undefined);
  });
  it('has no extension twice (4.2)', () => {
    const types = certificate.extensions.map((extension) => extension.type);
    expect(new Set(types).size).toBe(types.length);
  });
  it('reads the same through PEM', () => {
    expect(certificateFromFile(Buffer.from(certificateToPem(made[name] ?? Buffer.alloc(0))))).toEqual(made[name]);
  });
});

describe('what a certificate is for', () => {
  it('a CA signs certificates and CRLs, and nothing else (4.2.1.3)', () => {
    for (const name of ['root', 'issuer']) expect(usage(name)).toBe(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign);
  });
  it('a device signs, and with RSA also takes keys', () => {
    expect(usage('device')).toBe(x509.KeyUsageFlags.digitalSignature);
    expect(usage('rsa device')).toBe(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment);
  });
  it('a device and a canary are clients, a broker is a server (4.2.1.12)', () => {
    for (const name of leaves)
      expect(parsed(name).getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual([
        name === 'server' ? oids.serverAuth : oids.clientAuth,
      ]);
  });
  it('all that is below the root says where its CRL is, by issuer and partition (4.2.1.13)', () => {
    const uri = (name: string): unknown =>
      parsed(name).getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints[0]?.distributionPoint?.fullName?.[0]
        ?.uniformResourceIdentifier;
    for (const name of leaves) expect(uri(name)).toBe('http://crl.example/crl/issuer-1/0.crl');
    expect(uri('issuer')).toBe('http://crl.example/crl/root/0.crl');
  });
  it('a server has its names and addresses (4.2.1.6)', () => {
    expect(new NodeCertificate(made['server'] ?? '').subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:102:304',
    );
  });
  it('O and a URI come from the profile', () => {
    const profile = CertificateProfile.parse({ ...shippedProfile('device'), organization: 'Acme Ltd', uri: 'urn:acme:{tenant}:{device}' });
    const certificate = new NodeCertificate(signed(buildDeviceTbs(request({ profile })), issuerPair));
    expect(certificate.subject).toBe('O=Acme Ltd\nCN=acme/T2-000131');
    expect(certificate.subjectAltName).toBe('URI:urn:acme:acme:T2-000131');
  });
});

describe('a certificate is not made', () => {
  const failure = (more: Partial<LeafRequest>): string => {
    try {
      buildDeviceTbs(request(more));
      return 'made';
    } catch (error) {
      return error instanceof Failure ? error.code : String(error);
    }
  };
  it.each([
    ['beyond the issuer’s end', { now: issuer.notAfter - 364 * day }, 'ISSUER_TOO_SHORT'],
    ['for no time', { validityDays: 0 }, 'INVALID_INPUT'],
    ['for longer than the profile allows', { validityDays: 3651 }, 'INVALID_INPUT'],
    ['for a part of a day', { validityDays: 1.5 }, 'INVALID_INPUT'],
    ['for an id with a slash', { subject: { tenant: 'acme', device: 'a/b' } }, 'ID_INVALID'],
    ['without a tenant', { subject: { device: 'a' } }, 'ID_INVALID'],
  ] satisfies [string, Partial<LeafRequest>, string][])('%s', (_, more, code) => {
    expect(failure(more)).toBe(code);
  });

  it('to the last second of its issuer it is', () => {
    expect(failure({ now: issuer.notAfter - 365 * day })).toBe('made');
    expect(failure({ now: issuer.notAfter - 365 * day + 1000 })).toBe('ISSUER_TOO_SHORT');
  });
});

describe('what the registry reads', () => {
  it('is what was drafted', () => {
    expect(readCertificate(made['device'] ?? Buffer.alloc(0))).toMatchObject({
      serial: deviceDraft.serial,
      commonName: 'acme/T2-000131',
      issuer: 'O=Acme, CN=Issuer',
      notBefore: deviceDraft.notBefore,
      notAfter: deviceDraft.notAfter,
      fingerprint: new NodeCertificate(made['device'] ?? '').fingerprint256.replaceAll(':', '').toLowerCase(),
    });
  });
  it.each([Buffer.alloc(0), Buffer.from('3000', 'hex'), Buffer.from('x')])('is refused when it is none', (bytes) => {
    expect(() => readCertificate(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => readIssuer(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => certificateFromFile(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
  it('a device’s certificate is no issuer’s', () => {
    expect(() => readIssuer(made['device'] ?? Buffer.alloc(0))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
