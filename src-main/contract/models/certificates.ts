import { z } from 'zod';
import { DeviceName, Instant, SerialHex, Sha256Hex } from '../ids.ts';

export const KeyAlgorithm = z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']);
export type KeyAlgorithm = z.infer<typeof KeyAlgorithm>;

/** Who makes a device's private key; a certificate profile says who may. */
export const keyMakers = ['device', 'station'] as const;
export const KeyMaker = z.enum([...keyMakers, 'either']);
export type KeyMaker = z.infer<typeof KeyMaker>;

/** nordic-cose: the COSE_Sign1 of `AT%KEYGEN`. certificates: the chain of a secure element, or a COSE_Sign1 that carries it. */
export const AttestationFormat = z.enum(['nordic-cose', 'certificates']);
export type AttestationFormat = z.infer<typeof AttestationFormat>;

/** What a device's attestation proved when its certificate was issued; kept with the certificate. */
export const AttestationRecord = z.object({
  format: AttestationFormat,
  /** Of a modem its UUID; of a secure element the subject and serial number of its certificate. */
  deviceId: z.string(),
  /** SHA-256 of the public key of the trust anchor. */
  anchor: Sha256Hex,
  /** In words; and what was not looked at, and why. */
  proven: z.array(z.string()),
  notChecked: z.array(z.string()),
  checkedAt: Instant,
});
export type AttestationRecord = z.infer<typeof AttestationRecord>;

/** RFC 5280 5.3.1; `certificateHold` and `removeFromCRL` are left out: status only moves forward. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const;
export const RevocationReason = z.enum(revocationReasons);
export type RevocationReason = z.infer<typeof RevocationReason>;

/** A status only moves to the right, and REVOKED is final. EXPIRED is what the date says of one that is not revoked. */
export const certificateStatuses = ['RESERVED', 'SIGNED', 'ACTIVE', 'ROTATING', 'EXPIRED', 'REVOKED'] as const;
export const CertificateStatus = z.enum(certificateStatuses);
export type CertificateStatus = z.infer<typeof CertificateStatus>;

/** device: on a unit. canary, service: kept by the station for the broker host. server: a broker's own. */
export const CertificateUse = z.enum(['device', 'canary-good', 'canary-revoked', 'service', 'server']);
export type CertificateUse = z.infer<typeof CertificateUse>;

export const CertificateRow = z.object({
  serial: SerialHex,
  fingerprint: Sha256Hex.nullable(),
  use: CertificateUse,
  device: z.string(),
  issuer: z.string(),
  status: CertificateStatus,
  notBefore: Instant,
  notAfter: Instant,
  revokedAt: Instant.nullable(),
  reason: RevocationReason.nullable(),
  order: z.string().nullable(),
  /** The certificate that it took over from. */
  replaces: SerialHex.nullable(),
  /** ROTATING: until when it stays good beside its successor. */
  graceUntil: Instant.nullable(),
  createdAt: Instant,
});
export type CertificateRow = z.infer<typeof CertificateRow>;

/** Two certificates of one device, both good until the grace period of the older one ends. */
export const RotationView = z.object({
  device: DeviceName,
  /** The one that is being replaced. */
  serial: SerialHex,
  successor: SerialHex,
  graceUntil: Instant,
  /** The grace period ends early, when the successor is seen. */
  endsWhenSeen: z.boolean(),
  /** When the device proved that it uses the successor. */
  seenAt: Instant.nullable(),
});
export type RotationView = z.infer<typeof RotationView>;

/** A certificate of a device or a broker that comes to its end, and the threshold in days that it was told of. */
export const ExpiryNotice = z.object({
  serial: SerialHex,
  use: CertificateUse,
  /** Of a broker its common name. */
  device: z.string(),
  days: z.int(),
  at: Instant,
  notAfter: Instant,
  /** When the device was told by MQTT; a broker is not. */
  publishedAt: Instant.nullable(),
});
export type ExpiryNotice = z.infer<typeof ExpiryNotice>;

/** A certificate of a device or a broker in force, and how long it still is. */
export const ExpiringCertificate = z.object({
  serial: SerialHex,
  use: CertificateUse,
  /** Of a broker its common name. */
  device: z.string(),
  notAfter: Instant,
  /** Whole days. */
  daysLeft: z.int(),
  /** When the device was last told by MQTT. */
  toldAt: Instant.nullable(),
});
export type ExpiringCertificate = z.infer<typeof ExpiringCertificate>;
