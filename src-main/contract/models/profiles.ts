import { z } from 'zod';
import { KeyAlgorithm, KeyMaker } from './certificates.ts';

/** Something about a profile file, where it stands. */
export const ProfileFinding = z.object({ line: z.int(), column: z.int(), level: z.enum(['error', 'warning']), problem: z.string() });
export type ProfileFinding = z.infer<typeof ProfileFinding>;

export const DeviceProfileView = z.object({
  name: z.string(),
  /** The station's own, not one that is shipped. */
  own: z.boolean(),
  driver: z.string(),
  /** Who makes the key. */
  key: z.enum(['device', 'station']),
  keyAlgorithm: KeyAlgorithm,
  /** For what kind of units; null where the profile does not say. */
  summary: z.string().nullable(),
});
export type DeviceProfileView = z.infer<typeof DeviceProfileView>;

export const CertificateProfileView = z.object({
  name: z.string(),
  /** The station's own, not one that is shipped. */
  own: z.boolean(),
  keyAlgorithms: z.array(KeyAlgorithm),
  /** Null: the device, or whom its device profile names. */
  keyMadeBy: KeyMaker.nullable(),
  validityDays: z.int(),
  maxValidityDays: z.int(),
  commonName: z.string(),
  organization: z.string().nullable(),
  organizationalUnit: z.string().nullable(),
  uri: z.string().nullable(),
});
export type CertificateProfileView = z.infer<typeof CertificateProfileView>;
