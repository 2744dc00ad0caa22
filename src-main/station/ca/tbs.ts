import { Failure, limits, placeholderCrlBase } from '../../contract/index.ts';
import { der, name, oids, readPublicKeyInfo, signatureAlgorithm, time, type NameParts } from '../../der/index.ts';
import { instant } from '../clock.ts';
import * as ext from './extensions.ts';
import type { Issuer } from './issuer.ts';
import { commonNameFor, fill, type CertificateProfile } from './profile.ts';

/** A tbsCertificate to be signed, and what the registry reserves before it is. */
export interface Draft {
  readonly tbs: Buffer;
  readonly serial: string;
  readonly commonName: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface LeafRequest {
  readonly issuer: Issuer;
  readonly profile: CertificateProfile;
  /** SubjectPublicKeyInfo from `checkCsr`, or of a key the station made. */
  readonly spki: Uint8Array;
  /** Fills the profile's templates: `tenant` and `device`, or `name`, from the work order and never from the CSR. */
  readonly subject: Readonly<Record<string, string>>;
  /** Upper-case hex, reserved in the registry first. */
  readonly serial: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Days; the profile's default when absent. */
  readonly validityDays?: number;
  /** Of `distributionPoint`; null: the certificate names none. It cannot be added to a certificate later. */
  readonly crlUri: string | null;
}

/** The URI that names a CRL in certificates and in the CRL itself. */
export const crlUri = (base: string, issuer: string, partition = 0): string =>
  `${base.replace(/\/+$/u, '')}/crl/${encodeURIComponent(issuer)}/${partition}.crl`;

/** What a certificate of this issuer names as the place of its CRL; null on a station without an address for them. */
export function distributionPoint(
  base: string,
  issuer: { readonly id: string; readonly partitions: number },
  partition = 0,
): string | null {
  // A list of one of several partitions is told from the others by its name, whether or not it can be fetched.
  return base === placeholderCrlBase && issuer.partitions === 1 ? null : crlUri(base, issuer.id, partition);
}

/** Which partition of its issuer's CRL a certificate belongs to: spread evenly, and plain to everybody from the serial number. */
export const partitionOf = (serial: string, partitions: number): number => parseInt(serial.slice(-8), 16) % partitions;

/** A device's tbsCertificate. ID_INVALID, INVALID_INPUT (validity) or ISSUER_TOO_SHORT. */
export const buildDeviceTbs = (request: LeafRequest): Draft => buildLeaf(request, uriOf(request));

/** A canary's or the station's own client certificate, whose subject is `name`. */
export const buildServiceTbs = (request: LeafRequest): Draft => buildLeaf(request, uriOf(request));

/** A broker's server certificate. `hosts`: DNS names and IP addresses, of `serverHosts`; the first that fits is the subject's `host`. */
export function buildServerTbs(request: Omit<LeafRequest, 'subject'> & { readonly hosts: readonly string[] }): Draft {
  const host = request.hosts.find(({ length }) => length <= limits.commonNameChars);
  if (host === undefined)
    throw new Failure('INVALID_INPUT', {
      field: 'dns',
      problem: `one name must have at most ${limits.commonNameChars} characters, to be the common name`,
    });
  return buildLeaf({ ...request, subject: { host } }, [ext.subjectHosts(request.hosts)]);
}

function uriOf({ profile, subject }: LeafRequest): Buffer[] {
  return profile.uri === undefined ? [] : [ext.subjectUri(fill(profile.uri, subject))];
}

function buildLeaf(request: LeafRequest, alternativeNames: readonly Buffer[]): Draft {
  const { issuer, profile, spki } = request;
  const commonName = commonNameFor(profile, request.subject);
  const info = readPublicKeyInfo(spki);
  const usages =
    info.algorithm?.startsWith('rsa') === true ? (['digitalSignature', 'keyEncipherment'] as const) : (['digitalSignature'] as const);
  return assemble({
    issuerName: issuer.subject,
    signature: issuer.signatureAlgorithm,
    subject: {
      commonName,
      ...(profile.organization === undefined ? {} : { organization: profile.organization }),
      ...(profile.organizationalUnit === undefined ? {} : { organizationalUnit: profile.organizationalUnit }),
    },
    spki,
    serial: request.serial,
    validity: validity(request),
    list: [
      ext.basicConstraints(false),
      ext.keyUsage(...usages),
      ext.extendedKeyUsage(...profile.extendedKeyUsage.map((usage) => oids[usage])),
      ext.subjectKeyIdentifier(info.bits),
      ext.authorityKeyIdentifier(issuer.keyId),
      ...(request.crlUri === null ? [] : [ext.crlDistributionPoint(request.crlUri)]),
      ...alternativeNames,
    ],
  });
}

function validity({ issuer, profile, now, validityDays }: LeafRequest): Validity {
  const days = validityDays ?? profile.validityDays;
  if (!Number.isInteger(days) || days < limits.validityDays.min || days > profile.maxValidityDays) {
    throw new Failure('INVALID_INPUT', {
      field: 'validityDays',
      problem: `the profile allows ${limits.validityDays.min} to ${profile.maxValidityDays} days`,
    });
  }
  const span = validityFrom(now, days);
  assertWithin(span, issuer);
  return { ...span, notBefore: Math.max(span.notBefore, issuer.notBefore) };
}

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

const dayMs = 86_400_000;
export function validityFrom(now: number, days: number): Validity {
  const start = Math.floor(now / 1000) * 1000;
  return { notBefore: start - limits.backdateMinutes * 60_000, notAfter: start + days * dayMs };
}

/** An issuer's signature must not promise more than the issuer has (pki.md: never beyond the issuer's own end). */
export function assertWithin(span: Validity, issuer: Validity): void {
  if (span.notAfter > issuer.notAfter) throw new Failure('ISSUER_TOO_SHORT', { issuerEnd: instant(issuer.notAfter) });
}

export interface TbsParts {
  readonly issuerName: Uint8Array;
  readonly signature: Uint8Array;
  readonly subject: NameParts;
  readonly spki: Uint8Array;
  readonly serial: string;
  readonly validity: Validity;
  readonly list: readonly Buffer[];
}

export function assemble(parts: TbsParts): Draft {
  const { notBefore, notAfter } = parts.validity;
  const tbs = der.sequence(
    version3,
    der.unsignedInteger(Buffer.from(parts.serial, 'hex')),
    parts.signature,
    parts.issuerName,
    der.sequence(time(notBefore), time(notAfter)),
    name(parts.subject),
    parts.spki,
    ext.extensions(...parts.list),
  );
  return { tbs, serial: parts.serial, commonName: parts.subject.commonName, notBefore: instant(notBefore), notAfter: instant(notAfter) };
}
const version3 = der.explicit(0, der.integer(2));

/** The finished certificate: the bytes that were signed, as they were signed. */
export function assembleCertificate(tbs: Uint8Array, issuer: Pick<Issuer, 'algorithm'>, signature: Uint8Array): Buffer {
  return der.sequence(tbs, signatureAlgorithm(issuer.algorithm), der.bitString(signature));
}
