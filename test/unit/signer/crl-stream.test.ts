import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import {
  der,
  keyIdentifier,
  name,
  oids,
  readPublicKeyInfo,
  sha256Hex,
  signatureAlgorithm,
  spkiOf,
  time,
} from '../../../src-main/der/index.ts';
import { CrlStream } from '../../../src-main/signer/crl-rules.ts';
import type { IssuerKey } from '../../../src-main/signer/issuer-key.ts';

const now = Date.UTC(2026, 10, 23, 2, 0, 0);
const hour = 3_600_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = spkiOf(publicKey);
const keyId = keyIdentifier(readPublicKeyInfo(spki).bits);
const subject = name({ commonName: 'Issuer' });
const authority = { subject, notBefore: 0, notAfter: now + 1e12, pathLength: 0 };
const key: IssuerKey = {
  ref: { ckaId: '01', spkiSha256: sha256Hex(spki) },
  algorithm: 'ec-p256',
  publicKey,
  signer: {
    algorithm: 'ec-p256',
    spki,
    keyId,
    authority,
    points: [0, 1].map((partition) => `http://crl.example/${String(partition)}.crl`),
  },
};

const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
const reason = (code: number, critical = false): Buffer => der.sequence(extension(oids.reasonCode, der.enumerated(code), critical));
const serial = (n: number): Buffer =>
  der.unsignedInteger(Buffer.from(`4fa1b2c3d4e5f60718293a4b5c6d7e8f${n.toString(16).padStart(8, '0')}`, 'hex'));
const entry = (n: number, ...more: Buffer[]): Buffer => der.sequence(serial(n), time(now - hour), ...more);
const akid = extension(oids.authorityKeyIdentifier, der.sequence(der.implicit(0, keyId)));
const uriName = der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from('http://crl.example/0.crl'))));
const point = (partition: number, critical = true): Buffer =>
  extension(
    oids.issuingDistributionPoint,
    der.sequence(der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from(`http://crl.example/${String(partition)}.crl`))))),
    critical,
  );
const number = (n: number): Buffer => extension(oids.crlNumber, der.integer(n));

interface Parts {
  version: Buffer;
  algorithm: Uint8Array;
  issuer: Buffer;
  thisUpdate: Buffer;
  nextUpdate: Buffer;
  entries: readonly Buffer[] | null;
  extensions: readonly Buffer[];
}
function tbs(change: Partial<Parts> = {}): Buffer {
  const parts = {
    version: der.integer(1),
    algorithm: signatureAlgorithm('ec-p256'),
    issuer: subject,
    thisUpdate: time(now),
    nextUpdate: time(now + 24 * hour),
    entries: [entry(1), entry(2, reason(1)), entry(3, reason(4))],
    extensions: [akid, number(7), point(0)],
    ...change,
  };
  const list = parts.entries === null ? [] : [der.sequence(...parts.entries)];
  return der.sequence(
    parts.version,
    parts.algorithm,
    parts.issuer,
    parts.thisUpdate,
    parts.nextUpdate,
    ...list,
    der.explicit(0, der.sequence(...parts.extensions)),
  );
}

function feed(pieces: readonly Uint8Array[]): ReturnType<CrlStream['finish']> {
  const stream = new CrlStream(key, now);
  for (const piece of pieces) stream.append(piece);
  return stream.finish();
}
function ruleBroken(bytes: Uint8Array): string | null {
  try {
    feed([bytes]);
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'SESSION_REFUSED') return String(error.params['rule']);
    throw error;
  }
}

describe('a revocation list that comes in pieces', () => {
  it('is the same wherever it is cut', () => {
    const bytes = tbs();
    const whole = feed([bytes]);
    expect(whole.number).toBe(7);
    expect(whole.verifies(sign('sha256', bytes, privateKey))).toBe(true);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const { digest } = feed(at.slice(1).map((end, index) => Buffer.from(bytes.subarray(at[index] ?? 0, end))));
        return digest.equals(whole.digest);
      }),
    );
    const byByte = feed(Array.from(bytes, (octet) => Buffer.from([octet])));
    expect(byByte.digest).toEqual(whole.digest);
  });

  it('may be reused by its sender: the signer keeps no view of a piece', () => {
    const bytes = tbs();
    const piece = Buffer.alloc(7);
    const stream = new CrlStream(key, now);
    for (let at = 0; at < bytes.length; at += 7) {
      const length = bytes.copy(piece, 0, at);
      stream.append(piece.subarray(0, length));
      piece.fill(0xee);
    }
    expect(stream.finish().digest).toEqual(feed([bytes]).digest);
  });

  it('may have no entries', () => {
    expect(ruleBroken(tbs({ entries: null }))).toBeNull();
  });

  it.each<[string, Partial<Parts>, RegExp]>([
    ['version 1', { version: der.integer(0) }, /version 2/u],
    ['another algorithm', { algorithm: signatureAlgorithm('ec-p384') }, /signature algorithm/u],
    ['another issuer', { issuer: name({ commonName: 'Issuer 2' }) }, /issuer name/u],
    ['a start in the future', { thisUpdate: time(now + hour) }, /starts in the future/u],
    ['a start ten years ago', { thisUpdate: time(now - 3650 * 24 * hour) }, /starts in the past/u],
    ['an end in the past', { thisUpdate: time(now - hour / 30), nextUpdate: time(now - hour / 60) }, /already ended/u],
    ['an end in many years', { nextUpdate: time(Date.UTC(2120, 0, 1)) }, /ends within/u],
    ['another distribution point', { extensions: [akid, number(7), point(2)] }, /distribution point/u],
    ['no number', { extensions: [akid] }, /must have a number/u],
    ['no distribution point', { extensions: [akid, number(7)] }, /distribution point/u],
    ['a distribution point that may be passed over', { extensions: [akid, number(7), point(0, false)] }, /distribution point/u],
    ['no authority key', { extensions: [number(7)] }, /authority key/u],
    [
      'another authority key',
      { extensions: [number(7), extension(oids.authorityKeyIdentifier, der.sequence(der.implicit(0, Buffer.alloc(20))))] },
      /authority key/u,
    ],
    ['a delta indicator', { extensions: [akid, number(7), extension('2.5.29.27', der.integer(1), true)] }, /no place/u],
    [
      'a distribution point for some reasons only',
      { extensions: [akid, number(7), extension(oids.issuingDistributionPoint, der.sequence(der.tlv(0x83, Buffer.from([1, 2]))), true)] },
      /tbsCertList|distribution point/u,
    ],
    [
      'a distribution point for certificates of CAs only',
      {
        extensions: [
          akid,
          number(7),
          extension(oids.issuingDistributionPoint, der.sequence(uriName, der.tlv(0x82, Buffer.from([0xff]))), true),
        ],
      },
      /tbsCertList|distribution point/u,
    ],
    ['an empty list of entries', { entries: [] }, /without entries/u],
    ['a serial number twice', { entries: [entry(1), entry(2), entry(1, reason(1))] }, /twice/u],
    ['an entry on hold', { entries: [entry(1, reason(6))] }, /reason/u],
    ['an entry that takes one back', { entries: [entry(1, reason(8))] }, /reason/u],
    ['a critical reason', { entries: [entry(1, reason(1, true))] }, /reason/u],
    ['an entry of another issuer', { entries: [entry(1, der.sequence(extension('2.5.29.29', der.sequence(), true)))] }, /reason/u],
    ['a revocation in the future', { entries: [der.sequence(serial(1), time(now + hour))] }, /in the future/u],
    ['a negative serial number', { entries: [der.sequence(der.tlv(2, Buffer.from([0x80])), time(now))] }, /not positive/u],
    ['serial number 0', { entries: [der.sequence(der.integer(0), time(now))] }, /not positive/u],
    ['a padded serial number', { entries: [der.sequence(der.tlv(2, Buffer.from([0, 1])), time(now))] }, /padded/u],
    ['a long serial number', { entries: [der.sequence(der.tlv(2, Buffer.alloc(21, 1)), time(now))] }, /too long/u],
    ['a large entry', { entries: [entry(1, der.octetString(Buffer.alloc(90)))] }, /too large/u],
    ['something that is no entry', { entries: [der.octetString(Buffer.alloc(40))] }, /where an entry belongs/u],
    ['a serial number without a date', { entries: [der.sequence(serial(1))] }, /time belongs|shorter/u],
  ])('is refused with %s', (_, change, rule) => {
    expect(ruleBroken(tbs(change))).toMatch(rule);
  });

  it('names no distribution point where the issuer has one list: NSS and mbedTLS read none that does', () => {
    const [only = ''] = key.signer.points;
    const begin = (): CrlStream => new CrlStream({ ...key, signer: { ...key.signer, points: [only] } }, now);
    const stream = begin();
    stream.append(tbs({ extensions: [akid, number(7)] }));
    expect(stream.finish()).toMatchObject({ number: 7, uri: only });
    for (const critical of [true, false])
      expect(() => begin().append(tbs({ extensions: [akid, number(7), point(0, critical)] }))).toThrow(/names no distribution point/u);
  });

  it('is refused when it goes on after its end, or stops before it', () => {
    const bytes = tbs();
    expect(ruleBroken(Buffer.concat([bytes, Buffer.from([0])]))).toMatch(/after the end/u);
    for (const length of [0, 1, 2, 40, bytes.length - 60, bytes.length - 1])
      expect(ruleBroken(bytes.subarray(0, length))).toMatch(/not complete/u);
  });

  it('is refused when its lengths do not add up', () => {
    const bytes = tbs();
    const longer = Buffer.concat([der.header(0x30, bytes.length), bytes.subarray(4)]);
    expect(ruleBroken(longer)).toMatch(/sum of its parts|tbsCertList/u);
  });

  it('is not kept in memory while a field never ends', () => {
    const stream = new CrlStream(key, now);
    const endless = Buffer.concat([der.header(0x30, 50_000_000), der.integer(1), der.header(0x30, 40_000_000)]);
    expect(() => {
      stream.append(endless);
      for (let i = 0; i < 10; i++) stream.append(Buffer.alloc(1000));
    }).toThrow(/too large/u);
  });

  it('answers any bytes with a refusal', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => ruleBroken(bytes) !== null));
  });
});
