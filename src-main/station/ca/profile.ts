import { z } from 'zod';
import { CertificateUse, Failure, KeyAlgorithm, KeyMaker, limits, type SigningProfile } from '../../contract/index.ts';
import { oids } from '../../der/index.ts';

const days = z.int().min(limits.validityDays.min).max(limits.validityDays.max);
const idPattern = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9_.-]{1,64}';

/** What may stand between braces in a template, and what each may be filled with. */
const placeholders: Readonly<Record<string, string>> = {
  tenant: idPattern,
  device: idPattern,
  name: '[a-z0-9-]{1,40}',
  host: '[A-Za-z0-9.:-]{1,64}',
};

const template = z
  .string()
  .min(1)
  .max(200)
  .refine(
    (text) => [...text.matchAll(/\{(\w*)\}/gu)].every(([, name]) => name !== undefined && name in placeholders),
    'only {tenant}, {device}, {name} and {host} may stand in braces',
  )
  .refine((text) => !/[{}]/u.test(text.replace(/\{\w+\}/gu, '')), 'a brace without its partner');

/** X.520 ub-organization-name; what stands in a name must be visible. */
const nameText = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]*$/u, 'must not have control characters');

/** A certificate profile file. Unknown keys are errors. */
export const CertificateProfile = z
  .object({
    $schema: z.string().optional(),
    name: z.string().regex(/^[a-z0-9-]{1,64}$/u),
    /** What certificates of this profile are for; `server` certificates come from the server issuer only. */
    use: z.union([CertificateUse, z.enum(['canary'])]),
    keyAlgorithms: z.array(KeyAlgorithm).min(1),
    /** Of a device: who may make its private key. Absent: whom the device profile names, and no bundles. A key of the station's making leaves it once. */
    keyMadeBy: KeyMaker.optional(),
    /** What the device has to prove about where its key was made, and to whom it is believed. */
    attestation: z
      .object({
        /** False: what is there is checked and recorded, what is not there is not asked for. */
        required: z.boolean().default(true),
        /** Each the PEM of certificates or public keys, or the name of a file with it, beside the profile. */
        trustAnchors: z.array(z.string().min(1).max(limits.profileChars)).min(1).max(limits.trustAnchors),
      })
      .strict()
      .optional(),
    validityDays: days.default(limits.validityDays.default),
    maxValidityDays: days.default(limits.validityDays.max),
    commonName: template,
    organization: nameText.optional(),
    organizationalUnit: nameText.optional(),
    /** A URI for the subjectAltName. */
    uri: template.optional(),
    extendedKeyUsage: z.array(z.enum(['clientAuth', 'serverAuth'])).min(1),
  })
  .strict()
  .refine((profile) => profile.validityDays <= profile.maxValidityDays, {
    path: ['validityDays'],
    message: 'must not be more than maxValidityDays',
  })
  .refine((profile) => profile.use !== 'device' || profile.commonName === '{tenant}/{device}', {
    path: ['commonName'],
    message: 'of a device it must be {tenant}/{device}: brokers know a device by it',
  })
  .refine((profile) => profile.use !== 'server' || profile.uri === undefined, {
    path: ['uri'],
    message: 'the alternative names of a server are its hosts',
  })
  .refine(
    (profile) =>
      profile.attestation === undefined || (profile.use === 'device' && profile.keyMadeBy !== 'station' && profile.keyMadeBy !== 'either'),
    {
      path: ['attestation'],
      message: 'is about keys that a device makes itself',
    },
  )
  .refine((profile) => profile.use === 'device' || profile.keyMadeBy === undefined, {
    path: ['keyMadeBy'],
    message: 'is for certificates of devices only',
  })
  .refine((profile) => (profile.use === 'server') === profile.extendedKeyUsage.includes('serverAuth'), {
    path: ['extendedKeyUsage'],
    message: 'serverAuth belongs to server certificates, and only there',
  });
export type CertificateProfile = z.infer<typeof CertificateProfile>;

/** Fills a template's placeholders; a value outside its alphabet or a missing one is an ID_INVALID failure. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/gu, (_, name: string) => {
    const value = values[name] ?? '';
    if (!new RegExp(`^(?:${placeholders[name] ?? ''})$`, 'u').test(value))
      throw new Failure('ID_INVALID', { id: value, kind: name, problem: 'it has characters that a certificate may not carry' });
    return value;
  });
}

/** The common name of a certificate of this profile, at most 64 characters (X.520 ub-common-name). */
export function commonNameFor(profile: CertificateProfile, values: Readonly<Record<string, string>>): string {
  const text = fill(profile.commonName, values);
  if (text.length > limits.commonNameChars)
    throw new Failure('ID_INVALID', { id: text, kind: 'common name', problem: `it is longer than ${limits.commonNameChars} characters` });
  return text;
}

/** A template as a regular expression. */
const patternOf = (text: string): string =>
  text
    .split(/(\{\w+\})/u)
    .map((part) => (part.startsWith('{') ? `(?:${placeholders[part.slice(1, -1)] ?? ''})` : part.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')))
    .join('');

/** The limits that the signer enforces for this profile; of a server also the hosts, where only some may be named. */
export function signingProfile(profile: CertificateProfile, hosts: readonly string[] | null = null): SigningProfile {
  return {
    name: profile.name,
    maxValidityDays: profile.maxValidityDays,
    keyAlgorithms: profile.keyAlgorithms,
    extendedKeyUsage: profile.extendedKeyUsage.map((usage) => oids[usage]),
    ca: false,
    commonName: patternOf(profile.commonName),
    ...(profile.use === 'server' ? { alternativeName: { hosts: hosts === null ? null : [...hosts] } } : {}),
    ...(profile.uri === undefined ? {} : { alternativeName: { uri: patternOf(profile.uri) } }),
  };
}
