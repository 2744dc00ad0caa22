import type { SigningProfile } from '../../contract/index.ts';

/** Days that the CAs of a new hierarchy live; long enough for a device certificate of the longest validity. */
export const authorityDays = { root: 7300, issuer: 5475 } as const;

/** What a ceremony session must allow to make CAs; leaf profiles for canaries and the broker's certificate are added to these. */
export const authorityProfiles = (days: { readonly root: number; readonly issuer: number } = authorityDays): SigningProfile[] =>
  (['root', 'issuer'] as const).map((name) => ({
    name,
    maxValidityDays: days[name],
    keyAlgorithms: ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096'],
    extendedKeyUsage: [],
    ca: true,
    commonName: '[^\\p{C}]{1,64}',
  }));
