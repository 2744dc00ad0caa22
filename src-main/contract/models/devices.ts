import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { DeviceId, DeviceName, Instant, SerialHex, TenantId } from '../ids.ts';
import { limits } from '../limits.ts';
import { CertificateStatus } from './certificates.ts';

/** How far a unit was proven, the most first: it connected itself; the station connected as it; it signed a challenge; what it stores was read back. */
export const proofLevels = ['device-connected', 'station-connected', 'possession', 'written'] as const;
export const ProofLevel = z.enum(proofLevels);
export type ProofLevel = z.infer<typeof ProofLevel>;

/** PENDING: no certificate until a work order covers it or an officer approves it. REFUSED: none. */
export const DeviceState = z.enum(['PENDING', 'APPROVED', 'REFUSED']);
export type DeviceState = z.infer<typeof DeviceState>;

/**
 * What else is known of a device: name, type, location and firmware, and fields of the tenant's own. Shown and searched, never interpreted.
 * A name is written as a column of a list is.
 */
export const FieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,31}$/u, 'a small letter, then small letters, digits, "_", "." and "-"; at most 32');
const FieldValue = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]*$/u, 'must be visible characters');
export const DeviceFields = z
  .record(FieldName, FieldValue)
  .refine((fields) => Object.keys(fields).length <= limits.deviceFields, `at most ${String(limits.deviceFields)} fields`);
export type DeviceFields = z.infer<typeof DeviceFields>;

/** Fields that every list may have as columns. */
export const usualFields = ['name', 'type', 'location', 'firmware'] as const;

export const DeviceRow = z.object({
  device: DeviceName,
  tenant: TenantId,
  id: DeviceId,
  /** Null: registered before anybody has seen the unit, or its credentials travel as a bundle. */
  hardwareId: z.string().nullable(),
  model: z.string(),
  fields: DeviceFields,
  state: DeviceState,
  /** Of an approval or a refusal by a person, or by the work order that covered it. */
  decidedAt: Instant.nullable(),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
  order: z.string().nullable(),
  proofLevel: ProofLevel.nullable(),
  certificates: z.int(),
  status: CertificateStatus.nullable(),
  createdAt: Instant,
});
export type DeviceRow = z.infer<typeof DeviceRow>;

export const BundleFormat = z.enum(['zip', 'p12']);
export type BundleFormat = z.infer<typeof BundleFormat>;

/**
 * OFFERED: waits at its link. DELIVERED: handed out once, the device was not seen yet. PROVEN: the device has connected with it.
 * ENDED: its certificate is revoked or has expired.
 */
export const BundleState = z.enum(['OFFERED', 'DELIVERED', 'PROVEN', 'ENDED']);
export type BundleState = z.infer<typeof BundleState>;

/** What a device publishes on its own topic, with QoS 1 and retained, to show that it works with what is in the bundle. */
export const BundleProof = z.object({ topic: z.string(), payload: z.string() });
export type BundleProof = z.infer<typeof BundleProof>;

/** Credentials of one device, encrypted, for devices that take them as a file. */
export const BundleView = z.object({
  serial: SerialHex,
  device: DeviceName,
  format: BundleFormat,
  state: BundleState,
  createdAt: Instant,
  /** Until when its link is good; null when it was handed out at once. */
  linkUntil: Instant.nullable(),
  deliveredAt: Instant.nullable(),
  /** DELIVERED: until when the device has to be seen; then its certificate is revoked. */
  proveBy: Instant.nullable(),
  proof: BundleProof,
  /** Why it ended, where that was not the certificate's own end. */
  why: FailureData.nullable(),
});
export type BundleView = z.infer<typeof BundleView>;
