import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { Instant, SerialHex, Sha256Hex, Uuid } from '../ids.ts';
import { CertificateUse, RevocationReason } from './certificates.ts';

/** A revocation that only the station that issued the certificate can do. A request is answered once. */
export const RevocationRequestView = z.object({
  id: Uuid,
  direction: z.enum(['sent', 'received']),
  fingerprint: Sha256Hex,
  /** Null where only the fingerprint is known. */
  serial: SerialHex.nullable(),
  subject: z.string().nullable(),
  reason: RevocationReason,
  note: z.string(),
  /** Who asks. */
  station: z.string(),
  operator: z.string(),
  requestedAt: Instant,
  /** A received one: its signature leads to a root of ours, so it comes from the station that it names. */
  proven: z.boolean(),
  state: z.enum(['REQUESTED', 'ACCEPTED', 'REFUSED']),
  answeredAt: Instant.nullable(),
  answeredBy: z.string().nullable(),
  answer: z.string().nullable(),
});
export type RevocationRequestView = z.infer<typeof RevocationRequestView>;

export const RevocationState = z.enum(['RECORDED', 'PUBLISHED', 'EFFECTIVE']);
export type RevocationState = z.infer<typeof RevocationState>;

/** Of a broker's certificate PUBLISHED is the last: the broker refuses devices, but who refuses the broker is for its clients to say. */
export const RevocationView = z.object({
  serial: SerialHex,
  use: CertificateUse,
  device: z.string(),
  reason: RevocationReason,
  note: z.string(),
  operator: z.string(),
  state: RevocationState,
  recordedAt: Instant,
  publishedAt: Instant.nullable(),
  effectiveAt: Instant.nullable(),
  crlNumber: z.int().nullable(),
  /** Milliseconds from RECORDED until no live session of the device was left; null when there was none to end. */
  liveSessionGoneMs: z.number().nullable(),
});
export type RevocationView = z.infer<typeof RevocationView>;

export const CrlView = z.object({
  issuer: z.string(),
  partition: z.int(),
  number: z.int(),
  thisUpdate: Instant,
  nextUpdate: Instant,
  entries: z.int(),
  /** Entries that came in, and those that left, with this number. */
  added: z.int(),
  dropped: z.int(),
  bytes: z.int(),
  sha256: Sha256Hex,
  publishedAt: Instant.nullable(),
});
export type CrlView = z.infer<typeof CrlView>;

/** An entry that came into a CRL or left it, with the number of the first one that had it, or had it no more. */
export const CrlChange = z.object({
  serial: SerialHex,
  device: z.string(),
  reason: RevocationReason,
  revokedAt: Instant,
  notAfter: Instant,
  number: z.int(),
});
export type CrlChange = z.infer<typeof CrlChange>;

export const CrlSettings = z.object({
  /** From thisUpdate to nextUpdate. */
  nextUpdateHours: z.int(),
  /** What must be known of this choice; null for one that forgives a missed renewal. */
  warning: FailureData.nullable(),
});
export type CrlSettings = z.infer<typeof CrlSettings>;
