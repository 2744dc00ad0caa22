import { z } from 'zod';
import { SerialHex } from '../ids.ts';
import { limits } from '../limits.ts';
import {
  AttestationRecord,
  CertificateRow,
  CertificateStatus,
  CertificateUse,
  DoctorFinding,
  ExpiringCertificate,
  keyMakers,
} from '../models.ts';
import { call, nothing, page, pageOf, signedIn } from './spec.ts';

export const registryCalls = {
  'certificates.list': call({
    service: 'station',
    summary: 'Certificates',
    input: z.object({ ...page, status: CertificateStatus.optional(), use: CertificateUse.optional() }).strict(),
    output: pageOf(CertificateRow),
    roles: signedIn,
  }),
  'certificates.get': call({
    service: 'station',
    summary: 'One certificate with its PEM',
    input: z.object({ serial: SerialHex }).strict(),
    output: CertificateRow.extend({
      pem: z.string().nullable(),
      /** Of a device certificate: who made its private key. */
      keyMadeBy: z.enum(keyMakers),
      /** Null where the profile did not ask for one. */
      attestation: AttestationRecord.nullable(),
    }),
    roles: signedIn,
  }),
  'certificates.expiring': call({
    service: 'station',
    summary: 'Certificates of devices and brokers in force that end within so many days, the soonest first',
    input: z
      .object({
        days: z.int().min(limits.validityDays.min).max(limits.validityDays.max).default(limits.renewalWindowDays),
        limit: page.limit,
        cursor: page.cursor,
      })
      .strict(),
    output: pageOf(ExpiringCertificate),
    roles: signedIn,
  }),
  'doctor.run': call({
    service: 'station',
    summary: 'Check the invariants of the station',
    input: nothing,
    output: z.array(DoctorFinding),
    roles: signedIn,
  }),
  'export.pem': call({
    service: 'station',
    summary: 'Root, issuer, CRL and certificates as PEM, named for files',
    input: nothing,
    output: z.array(z.object({ name: z.string(), pem: z.string() })),
    roles: signedIn,
  }),
} as const;
