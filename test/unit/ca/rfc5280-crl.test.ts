import '../../support/reflect.ts';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revocationReasons } from '../../../src-main/contract/index.ts';
import { spkiOf } from '../../../src-main/der/index.ts';
import {
  assembleCertificate,
  buildRootTbs,
  crlUri,
  newSerial,
  readIssuer,
  writeCrl,
  type CrlEntry,
} from '../../../src-main/station/ca/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-crl-lint-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const now = Date.UTC(2026, 10, 23, 2, 0, 0, 777);
const end = now + 86_400_000;
const uri = crlUri('http://crl.example', 'issuer-1');
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const draft = buildRootTbs({
  subject: { organization: 'Acme', commonName: 'Issuer' },
  spki: spkiOf(pair.publicKey),
  serial: newSerial(),
  now,
  days: 30,
});
const issuer = readIssuer(assembleCertificate(draft.tbs, { algorithm: 'ec-p256' }, sign('sha256', draft.tbs, pair.privateKey)));
const entries: readonly CrlEntry[] = revocationReasons.map((reason, index) => ({
  serial: newSerial(),
  revokedAt: new Date(now - index * 1000).toISOString(),
  reason,
}));

async function made(name: string, list: readonly CrlEntry[], nextUpdate = end): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const path = join(dir, name);
  await writeCrl({
    issuer,
    number: 7,
    thisUpdate: now,
    nextUpdate,
    uri,
    entries: () => list,
    path,
    sign: {
      begin: () => Promise.resolve(),
      append: async (chunk: Uint8Array) => void pieces.push(Buffer.from(chunk)),
      finish: async () => sign('sha256', Buffer.concat(pieces), pair.privateKey),
    },
  });
  return readFileSync(path);
}

/** The fields of TBSCertList as node-forge takes them apart. */
const fieldsOf = (der: Buffer): forge.asn1.Asn1[] => {
  const [tbs] = forge.asn1.fromDer(der.toString('binary')).value as forge.asn1.Asn1[];
  return tbs?.value as forge.asn1.Asn1[];
};
const { Class, Type } = forge.asn1;
const isUniversal = (field: forge.asn1.Asn1 | undefined, type: forge.asn1.Type): boolean =>
  field?.tagClass === Class.UNIVERSAL && field.type === type;

let der: Buffer;
let crl: x509.X509Crl;
let fields: forge.asn1.Asn1[];
beforeAll(async () => {
  der = await made('full.crl', entries);
  crl = new x509.X509Crl(der);
  fields = fieldsOf(der);
});

describe('a CRL, as independent readers see it', () => {
  it('is version 2 (5.1.2.1)', () => {
    expect(isUniversal(fields[0], Type.INTEGER)).toBe(true);
    expect(fields[0]?.value).toBe('\u0001');
  });
  it('names one signature algorithm inside and outside, without parameters (5.1.1.2, 5.1.2.2)', () => {
    const [, outside] = forge.asn1.fromDer(der.toString('binary')).value as forge.asn1.Asn1[];
    const text = (one: forge.asn1.Asn1 | undefined): string => (one === undefined ? '' : forge.asn1.toDer(one).toHex());
    expect(text(fields[1])).toBe('300a06082a8648ce3d040302');
    expect(text(outside)).toBe(text(fields[1]));
  });
  it('has an issuer that is the subject of the CA, byte for byte (5.1.2.3)', () => {
    expect(Buffer.from(forge.asn1.toDer(fields[2] as forge.asn1.Asn1).getBytes(), 'binary')).toEqual(Buffer.from(issuer.subject));
  });
  it('has both times as UTCTime, to the second (5.1.2.4, 5.1.2.5)', () => {
    expect(isUniversal(fields[3], Type.UTCTIME) && isUniversal(fields[4], Type.UTCTIME)).toBe(true);
    expect(fields[3]?.value).toBe('261123020000Z');
    expect(crl.nextUpdate?.getTime()).toBe(end - 777);
  });
  it('has GeneralizedTime from 2050 on (5.1.2.4)', async () => {
    const field = fieldsOf(await made('late.crl', [], Date.UTC(2050, 0, 1)))[4];
    expect(isUniversal(field, Type.GENERALIZEDTIME)).toBe(true);
    expect(field?.value).toBe('20500101000000Z');
  });
  it('has each serial number once, positive, with its time (5.1.2.6)', () => {
    expect(crl.entries.map(({ serialNumber }) => serialNumber.toUpperCase())).toEqual(entries.map(({ serial }) => serial));
    expect(new Set(crl.entries.map(({ serialNumber }) => serialNumber)).size).toBe(entries.length);
    expect(crl.entries.map(({ revocationDate }) => revocationDate.getTime())).toEqual(
      entries.map(({ revokedAt }) => Math.floor(Date.parse(revokedAt) / 1000) * 1000),
    );
  });
  it('leaves the reason out where there is none, and no other entry extension is there (5.3.1)', () => {
    for (const [index, { extensions }] of crl.entries.entries()) {
      const types = extensions.map(({ type, critical }) => `${type} ${String(critical)}`);
      expect(types).toEqual(entries[index]?.reason === 'unspecified' ? [] : ['2.5.29.21 false']);
    }
  });
  it('has no revokedCertificates when nothing is revoked (5.1.2.6)', async () => {
    const empty = fieldsOf(await made('empty.crl', []));
    // version, signature, issuer, two times, and the extensions in [0] right after them.
    expect(empty).toHaveLength(6);
    expect(empty[5]?.tagClass).toBe(Class.CONTEXT_SPECIFIC);
  });
  it('has extensions of the CRL: key id, number, and a critical distribution point, each once (5.2.1, 5.2.3, 5.2.5)', () => {
    expect(crl.extensions.map(({ type, critical }) => [type, critical]).sort()).toEqual([
      ['2.5.29.20', false],
      ['2.5.29.28', true],
      ['2.5.29.35', false],
    ]);
  });
  it('has the number that it was given, in at most 20 octets (5.2.3)', () => {
    const number = crl.extensions.find(({ type }) => type === '2.5.29.20');
    expect(Buffer.from(number?.value ?? new ArrayBuffer(0)).toString('hex')).toBe('020107');
  });
  it('has the key id of the CA, by key id only (5.2.1)', () => {
    const id = crl.extensions.find(({ type }) => type === '2.5.29.35');
    expect(Buffer.from(id?.value ?? new ArrayBuffer(0)).toString('hex')).toBe(`30168014${Buffer.from(issuer.keyId).toString('hex')}`);
  });
  it('names the distribution point that the certificates name (5.2.5)', () => {
    const point = crl.extensions.find(({ type }) => type === '2.5.29.28');
    expect(Buffer.from(point?.value ?? new ArrayBuffer(0)).toString('latin1')).toContain(uri);
  });
  it('is signed by its issuer', async () => {
    expect(await crl.verify({ publicKey: new x509.PublicKey(spkiOf(pair.publicKey)) })).toBe(true);
  });
});
