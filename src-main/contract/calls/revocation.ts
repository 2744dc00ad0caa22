import { z } from 'zod';
import { DeviceName, SerialHex, Sha256Hex } from '../ids.ts';
import { CertificateRow, CrlView, RevocationReason, RevocationView } from '../models.ts';
import { call, done, nothing, officer, page, signedIn } from './spec.ts';

/** What to revoke; exactly one field. */
export const Selector = z
  .object({ device: DeviceName.optional(), serial: SerialHex.optional(), fingerprint: Sha256Hex.optional() })
  .strict()
  .refine((s) => Object.values(s).filter((v) => v !== undefined).length === 1, 'name exactly one of device, serial, fingerprint');
export type Selector = z.infer<typeof Selector>;

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
  'revocations.list': call({
    service: 'station',
    summary: 'Revocations and how far each has come',
    input: z.object(page).strict(),
    output: z.object({ total: z.int(), rows: z.array(RevocationView) }),
    roles: signedIn,
  }),
  'crl.publish': call({ service: 'station', summary: 'Build and publish a new CRL now', input: nothing, output: CrlView, roles: officer }),
  'crl.history': call({
    service: 'station',
    summary: 'The CRLs so far, newest first',
    input: z.object({ limit: z.int().min(1).max(100).default(20) }).strict(),
    output: z.array(CrlView),
    roles: signedIn,
  }),
  'publication.settle': call({
    service: 'station',
    summary: 'Wait until no publication is under way',
    input: nothing,
    output: done,
    roles: signedIn,
  }),
} as const;
