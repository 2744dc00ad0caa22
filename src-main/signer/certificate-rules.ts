import { limits, placeholderCrlBase, type SigningProfile } from '../contract/index.ts';
import {
  assertKey,
  basicConstraintsOf,
  commonNameOf,
  DerError,
  der,
  distributionPointsOf,
  extendedKeyUsageOf,
  isPlainName,
  generalName,
  hostOf,
  keyIdentifier,
  keyUsageBits,
  keyUsageOf,
  oids,
  readPublicKeyInfo,
  readTbsCertificate,
  signatureAlgorithm,
  subjectAltNamesOf,
  subjectKeyIdOf,
  type PublicKeyInfo,
  type TbsCertificate,
} from '../der/index.ts';
import { refused } from './failures.ts';
import type { Authority, CertificateSigner } from './issuer-key.ts';

export interface CompiledProfile extends SigningProfile {
  readonly pattern: RegExp;
}

/** What a session allows besides its profiles. */
export interface CertificateScope {
  readonly tenants: readonly string[] | null;
  /** The key of a CA that was ever made or used here. */
  readonly isAuthorityKey: (spki: Uint8Array) => boolean;
  /** A key of this session, found on the token. */
  readonly isOnToken: (spki: Uint8Array) => boolean;
}

interface Case {
  readonly scope: CertificateScope;
  readonly tbs: TbsCertificate;
  readonly key: PublicKeyInfo;
  readonly profile: CompiledProfile;
  readonly signer: CertificateSigner;
  readonly selfSigned: boolean;
  readonly now: number;
}

type Rule = readonly [name: string, holds: (request: Case) => boolean];

const same = (a: Uint8Array | null | undefined, b: Uint8Array | null | undefined): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
const dayMs = 86_400_000;
/** How far the station's clock and ours may lie apart: they are one machine's, so only the time a message takes. */
const skewMs = 5 * 60_000;

const knownCritical = new Set<string>([oids.basicConstraints, oids.keyUsage, oids.extendedKeyUsage]);
const known = new Set<string>([
  ...knownCritical,
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.subjectAltName,
  oids.crlDistributionPoints,
]);
const leafUsages = new Set<number>([keyUsageBits.digitalSignature, keyUsageBits.keyEncipherment]);
const authorityUsages = new Set<number>([keyUsageBits.digitalSignature, keyUsageBits.keyCertSign, keyUsageBits.cRLSign]);

/** Each rule once, in the words that the refusal shows. */
const rules: readonly Rule[] = [
  ['a certificate must be version 3', ({ tbs }) => tbs.version === 3],
  ['the serial number must be positive and have 8 to 20 bytes', ({ tbs }) => isGoodSerial(tbs.serial)],
  [
    'the signature algorithm must be the one of the issuer’s key',
    ({ tbs, signer }) => same(tbs.algorithm, signatureAlgorithm(signer.algorithm)),
  ],
  [
    'the issuer name must be the subject of the issuer’s certificate',
    ({ tbs, signer, selfSigned }) => same(tbs.issuer, selfSigned ? tbs.subject : signer.authority?.subject),
  ],
  ['a key without a certificate may only sign its own', ({ signer, tbs, selfSigned }) => !selfSigned || same(tbs.spki, signer.spki)],
  [
    'the kind of key is not allowed by the profile',
    ({ key, profile }) => key.algorithm !== null && profile.keyAlgorithms.includes(key.algorithm),
  ],
  ['a certificate must not be for its issuer’s own key', ({ tbs, signer, selfSigned }) => selfSigned || !same(tbs.spki, signer.spki)],
  ['only the certificate of a CA may be for the key of a CA', ({ tbs, profile, scope }) => profile.ca || !scope.isAuthorityKey(tbs.spki)],
  ['the certificate of a CA must be for a key that is on the token', ({ tbs, profile, scope }) => !profile.ca || scope.isOnToken(tbs.spki)],
  ['the common name does not match the profile', ({ tbs, profile }) => matches(commonNameOf(tbs.subject), profile.pattern)],
  ['the session is not for this tenant', ({ tbs, scope }) => isGoodTenant(commonNameOf(tbs.subject), scope.tenants)],
  ['each part of the subject must be one attribute, and none twice', ({ tbs }) => isPlainName(tbs.subject)],
  ['the end must be after the start', ({ tbs }) => tbs.notAfter > tbs.notBefore],
  ['the certificate would have expired already', ({ tbs, now }) => tbs.notAfter > now],
  [
    'the validity is longer than the profile allows',
    ({ tbs, profile }) => tbs.notAfter - tbs.notBefore <= profile.maxValidityDays * dayMs + backdateMs,
  ],
  ['the start is too far from now', ({ tbs, now, profile }) => isGoodStart(tbs.notBefore, now, profile.ca)],
  ['the validity must lie within the issuer’s own', ({ tbs, signer, selfSigned }) => selfSigned || within(tbs, signer.authority)],
  [
    'basic constraints must be there, critical, and as the profile says',
    ({ tbs, profile }) => isCritical(tbs, oids.basicConstraints) && basicConstraintsOf(tbs.extensions)?.ca === profile.ca,
  ],
  ['the path length is not allowed here', (request) => isGoodPathLength(request)],
  ['key usage must be there, critical, and fit the profile', (request) => isCritical(request.tbs, oids.keyUsage) && isGoodUsage(request)],
  [
    'the extended key usage is not allowed by the profile',
    ({ tbs, profile }) => isGoodPurpose(extendedKeyUsageOf(tbs.extensions), profile),
  ],
  ['the alternative names are not those that the profile allows', ({ tbs, profile }) => isGoodAlternativeName(tbs, profile)],
  [
    'the authority key identifier must be the issuer’s, and nothing else',
    ({ tbs, signer }) => same(tbs.extensions.get(oids.authorityKeyIdentifier)?.value, der.sequence(der.implicit(0, signer.keyId))),
  ],
  ['the subject key identifier must be that of the key', ({ tbs, key }) => same(subjectKeyIdOf(tbs.extensions), keyIdentifier(key.bits))],
  ['the distribution point must be one of the issuer’s own revocation lists', (request) => isGoodPoint(request)],
  ['an unknown critical extension', ({ tbs }) => [...tbs.extensions].every(([id, { critical }]) => !critical || knownCritical.has(id))],
  ['an extension that has no place in a certificate here', ({ tbs }) => [...tbs.extensions.keys()].every((id) => known.has(id))],
];
const backdateMs = limits.backdateMinutes * 60_000;

/** Reads what is to be signed and checks it against the session. SESSION_REFUSED with the rule that it breaks; what it is otherwise. */
export function checkCertificate(
  bytes: Uint8Array,
  profile: CompiledProfile,
  signer: CertificateSigner,
  scope: CertificateScope,
  now: number,
): TbsCertificate {
  try {
    const tbs = readTbsCertificate(bytes);
    const request = { tbs, profile, signer, scope, now, key: readPublicKeyInfo(tbs.spki), selfSigned: signer.authority === null };
    for (const [rule, holds] of rules) if (!holds(request)) throw refused(rule);
    assertKey(tbs.spki, request.key);
    return tbs;
  } catch (error) {
    throw error instanceof DerError ? refused(`this is not a tbsCertificate: ${error.message}`) : error;
  }
}

/** A ceremony may be continued days after it was interrupted, and then signs what it had drawn up: no second certificate for one CA. */
const resumeDays = 30;

function isGoodStart(notBefore: number, now: number, ca: boolean): boolean {
  const earliest = now - 2 * backdateMs - skewMs - (ca ? resumeDays * dayMs : 0);
  return notBefore >= earliest && notBefore <= now + skewMs;
}

function isGoodSerial(serial: Uint8Array): boolean {
  const [first = 0, second = 0] = serial;
  const padded = first === 0 && second < 0x80;
  return serial.length >= 8 && serial.length <= 20 && first < 0x80 && !padded;
}

const matches = (commonName: string | null, pattern: RegExp): boolean =>
  commonName !== null && commonName.length <= limits.commonNameChars && pattern.test(commonName);

/** The common name of a device begins with its tenant; no other has a slash. */
function isGoodTenant(commonName: string | null, tenants: readonly string[] | null): boolean {
  const [tenant, device] = (commonName ?? '').split('/');
  return tenants === null || device === undefined || tenants.includes(tenant ?? '');
}

/**
 * Whoever checks the certificate asks this list, and no other, whether it was revoked. A root is in nobody's list, and a station without an address
 * for its only list names none.
 */
function isGoodPoint({ tbs, signer, selfSigned }: Case): boolean {
  const point = tbs.extensions.get(oids.crlDistributionPoints);
  const [only = '', ...more] = signer.points;
  if (point === undefined) return selfSigned || (more.length === 0 && only.startsWith(`${placeholderCrlBase}/`));
  return signer.points.some((uri) => same(point.value, distributionPointsOf(uri)));
}

function within(tbs: TbsCertificate, authority: Authority | null): boolean {
  return authority !== null && tbs.notBefore >= authority.notBefore && tbs.notAfter <= authority.notAfter;
}

const isCritical = (tbs: TbsCertificate, id: string): boolean => tbs.extensions.get(id)?.critical === true;

/** A root leaves it out; whatever a root signs here may not have a CA below it. */
function isGoodPathLength({ tbs, profile, signer, selfSigned }: Case): boolean {
  const limit = basicConstraintsOf(tbs.extensions)?.pathLength ?? null;
  if (!profile.ca || selfSigned) return limit === null;
  return limit === 0 && signer.authority?.pathLength !== 0;
}

function isGoodUsage({ tbs, key, profile }: Case): boolean {
  const usage = keyUsageOf(tbs.extensions) ?? [];
  if (profile.ca)
    return (
      [keyUsageBits.keyCertSign, keyUsageBits.cRLSign].every((bit) => usage.includes(bit)) && usage.every((bit) => authorityUsages.has(bit))
    );
  const rsa = key.algorithm?.startsWith('rsa') === true;
  return (
    usage.includes(keyUsageBits.digitalSignature) &&
    usage.every((bit) => leafUsages.has(bit) && (rsa || bit !== keyUsageBits.keyEncipherment))
  );
}

function isGoodPurpose(purposes: readonly string[] | null, profile: SigningProfile): boolean {
  if (profile.extendedKeyUsage.length === 0) return purposes === null;
  return purposes !== null && purposes.length > 0 && purposes.every((purpose) => profile.extendedKeyUsage.includes(purpose));
}

/** Clients of a broker look at these names alone (RFC 9525): whoever may write one may be that host. */
function isGoodAlternativeName(tbs: TbsCertificate, { alternativeName }: SigningProfile): boolean {
  const names = subjectAltNamesOf(tbs.extensions);
  if (alternativeName === undefined) return names === null;
  if ('uri' in alternativeName) {
    const [name, ...others] = names ?? [];
    if (name?.tag !== generalName.uri || others.length > 0) return false;
    return new RegExp(`^(?:${alternativeName.uri})$`, 'u').test(Buffer.from(name.content).toString('latin1'));
  }
  const hosts = (names ?? []).map(hostOf);
  const { hosts: allowed } = alternativeName;
  return hosts.includes(commonNameOf(tbs.subject) ?? '') && hosts.every((host) => allowed === null || allowed.includes(host));
}
