import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { DeviceName, Instant, SerialHex, Sha256Hex } from '../ids.ts';
import { limits } from '../limits.ts';
import { CertificateRow, CertificateStatus, RevocationReason, RevocationView } from '../models.ts';
import { call, officer, page, pageOf, signedIn } from './spec.ts';

/** What to revoke; exactly one field. */
export const Selector = z
  .object({ device: DeviceName.optional(), serial: SerialHex.optional(), fingerprint: Sha256Hex.optional() })
  .strict()
  .refine((s) => Object.values(s).filter((v) => v !== undefined).length === 1, 'name exactly one of device, serial, fingerprint');
export type Selector = z.infer<typeof Selector>;

/** Many at once; exactly one field. `csv`: a list with a heading line. */
export const BulkSelector = z
  .object({
    order: z.string().min(1).max(40).optional(),
    issued: z.object({ from: Instant, to: Instant }).strict().optional(),
    csv: z.string().max(limits.listChars).optional(),
  })
  .strict()
  .refine((s) => Object.values(s).filter((v) => v !== undefined).length === 1, 'name exactly one of order, issued, csv')
  .refine((s) => s.issued === undefined || s.issued.from < s.issued.to, 'the end of the time must be after its start');
export type BulkSelector = z.infer<typeof BulkSelector>;

export const revocationCalls = {
  'revocations.preview': call({
    service: 'station',
    summary: 'What a revocation would hit',
    input: Selector,
    output: z.array(CertificateRow),
    roles: officer,
  }),
  'revocations.revoke': call({
    service: 'station',
    summary: 'Revoke; final',
    input: z.object({ selector: Selector, reason: RevocationReason, note: z.string().max(200).default('') }).strict(),
    output: z.array(RevocationView),
    roles: officer,
  }),
  'revocations.previewMany': call({
    service: 'station',
    summary: 'What a revocation of a work order, of a time, or of a list would hit; the digest goes to the real call',
    input: BulkSelector,
    output: z.object({
      count: z.int(),
      byStatus: z.partialRecord(CertificateStatus, z.int()),
      digest: Sha256Hex,
      /** The first of them. */
      rows: z.array(CertificateRow),
    }),
    roles: officer,
  }),
  'revocations.revokeMany': call({
    service: 'station',
    summary: 'Revoke exactly what was shown before; final',
    input: z
      .object({ selector: BulkSelector, digest: Sha256Hex, reason: RevocationReason, note: z.string().max(200).default('') })
      .strict(),
    output: z.object({ revoked: z.int() }),
    roles: officer,
  }),
  'revocations.list': call({
    service: 'station',
    summary: 'Revocations and how far each has come',
    /** `waiting`: only those that are not EFFECTIVE yet. */
    input: z.object({ ...page, waiting: z.boolean().default(false) }).strict(),
    output: pageOf(RevocationView),
    roles: signedIn,
  }),
  'publication.settle': call({
    service: 'station',
    summary: 'Wait until no publication is under way, and tell what is in force',
    input: z.object({ seconds: z.int().min(0).max(3_600).default(120) }).strict(),
    /** `failure`: why not all is in force; null also while a publication is still under way. */
    output: z.object({ access: z.enum(['IN_FORCE', 'PENDING']), failure: FailureData.nullable() }),
    roles: signedIn,
  }),
} as const;
