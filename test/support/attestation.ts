import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { certificateToPem, toPem } from '../../src-main/station/ca/index.ts';
import { cborArray, cborBytes, cborText } from '../../src-main/station/ca/attestation/cbor.ts';
import { der, name, oids, signatureAlgorithm, spkiOf, time } from '../../src-main/der/index.ts';

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
export const ecPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** PEM of a public key, as a profile names it. */
export const anchorPem = (key: KeyObject): string => toPem('PUBLIC KEY', spkiOf(key));

const tagged = (tag: readonly number[], value: Uint8Array): Buffer => Buffer.concat([Buffer.from(tag), value]);
const selfDescribed = [0xd9, 0xd9, 0xf7];

export interface NordicParts {
  readonly csr: Uint8Array;
  readonly key: KeyObject;
  readonly type?: number;
  readonly digest?: Uint8Array;
  readonly uuid?: Uint8Array;
  /** What is signed besides the payload; the CSR, as modems do it. */
  readonly externalData?: Uint8Array;
  readonly keyId?: number;
  readonly protectedHeader?: Uint8Array;
  readonly payload?: Uint8Array;
}

export const modemUuid = '50363154-3931-44f0-8022-121b6401627d';

/** What a modem adds to its CSR, by hand, so that a test can make it wrong in one place. */
export function nordicCose(parts: NordicParts): Buffer {
  const digest = parts.digest ?? createHash('sha256').update(parts.csr).digest();
  const uuid = parts.uuid ?? Buffer.from(modemUuid.replaceAll('-', ''), 'hex');
  const fields = [
    Buffer.from([parts.type ?? 9]),
    cborBytes(uuid),
    cborBytes(Buffer.from([0x18, 42])),
    cborBytes(digest),
    cborBytes(Buffer.alloc(16, 7)),
  ];
  const payload = parts.payload ?? tagged(selfDescribed, cborArray(...fields));
  const header = parts.protectedHeader ?? Buffer.from('a10126', 'hex');
  return coseSign1({
    header,
    unprotected: Buffer.from([0xa1, 0x04, 0x41, parts.keyId ?? 0x21]),
    payload,
    externalData: parts.externalData ?? parts.csr,
    key: parts.key,
  });
}

export interface CoseParts {
  readonly header: Uint8Array;
  /** A map, encoded. */
  readonly unprotected: Uint8Array;
  readonly payload: Uint8Array | null;
  /** What is signed where the payload travels apart. */
  readonly detached?: Uint8Array;
  readonly externalData?: Uint8Array;
  readonly key: KeyObject;
}

export function coseSign1({ header, unprotected, payload, detached, externalData, key }: CoseParts): Buffer {
  const signed = cborArray(
    cborText('Signature1'),
    cborBytes(header),
    cborBytes(externalData ?? Buffer.alloc(0)),
    cborBytes(payload ?? detached ?? Buffer.alloc(0)),
  );
  const signature = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
  return tagged(
    [0xd2],
    cborArray(cborBytes(header), unprotected, payload === null ? Buffer.from([0xf6]) : cborBytes(payload), cborBytes(signature)),
  );
}

/** `{33: [certificates]}` (RFC 9360), encoded. */
export const x5chain = (certificates: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    Buffer.from([0xa1, 0x18, 33]),
    certificates.length === 1 ? cborBytes(certificates[0] ?? new Uint8Array()) : cborArray(...certificates.map(cborBytes)),
  ]);

export interface CertificateParts {
  readonly subject: string;
  readonly key: KeyObject;
  readonly issuer: { readonly subject: string; readonly privateKey: KeyObject };
  readonly ca?: { readonly pathLength?: number } | null;
  readonly usage?: readonly number[] | null;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly more?: readonly Buffer[];
  readonly issuerName?: string;
  readonly algorithm?: Buffer;
}

export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));

export const farEnd = Date.UTC(9999, 11, 31, 23, 59, 59);
const now = Date.UTC(2026, 5, 1);

/** A certificate by hand, with an end that never comes, as secure elements have it. */
export function certificate(parts: CertificateParts): Buffer {
  const ca = parts.ca ?? null;
  const basic = ca === null ? [] : [der.boolean(true), ...(ca.pathLength === undefined ? [] : [der.integer(ca.pathLength)])];
  const usage = parts.usage === undefined ? (ca === null ? [0] : [5, 6]) : parts.usage;
  const algorithm = parts.algorithm ?? signatureAlgorithm('ec-p256');
  const tbs = der.sequence(
    der.explicit(0, der.integer(2)),
    der.unsignedInteger(createHash('sha1').update(parts.subject).digest().subarray(0, 9)),
    algorithm,
    name({ organization: 'Chips', commonName: parts.issuerName ?? parts.issuer.subject }),
    der.sequence(time(parts.notBefore ?? Date.UTC(2020, 0, 1)), time(parts.notAfter ?? farEnd)),
    name({ organization: 'Chips', commonName: parts.subject }),
    spkiOf(parts.key),
    der.explicit(
      3,
      der.sequence(
        extension(oids.basicConstraints, true, der.sequence(...basic)),
        ...(usage === null ? [] : [extension(oids.keyUsage, true, der.namedBits(usage))]),
        ...(parts.more ?? []),
      ),
    ),
  );
  return der.sequence(tbs, algorithm, der.bitString(sign('sha256', tbs, parts.issuer.privateKey)));
}

export interface Chip {
  readonly root: Pair & { readonly pem: string; readonly subject: string };
  readonly signer: Pair & { readonly der: Buffer; readonly subject: string };
  readonly device: Pair & { readonly der: Buffer };
}

/** Root, signer and device, as a maker of secure elements makes them; with one thing wrong where a test says so. */
export function chip(
  wrong: { root?: Partial<CertificateParts>; signer?: Partial<CertificateParts>; device?: Partial<CertificateParts> } = {},
): Chip {
  const [root, signer, device] = [ecPair(), ecPair(), ecPair()];
  const rootName = 'Chip root';
  const self = { subject: rootName, privateKey: root.privateKey };
  const rootDer = certificate({ subject: rootName, key: root.publicKey, issuer: self, ca: {}, ...wrong.root });
  const signerDer = certificate({ subject: 'Chip signer 1', key: signer.publicKey, issuer: self, ca: { pathLength: 0 }, ...wrong.signer });
  const by = { subject: 'Chip signer 1', privateKey: signer.privateKey };
  const deviceDer = certificate({ subject: 'sn0123ABCD', key: device.publicKey, issuer: by, ...wrong.device });
  return {
    root: { ...root, pem: certificateToPem(rootDer), subject: rootName },
    signer: { ...signer, der: signerDer, subject: 'Chip signer 1' },
    device: { ...device, der: deviceDer },
  };
}

export const checkedAt = now;
