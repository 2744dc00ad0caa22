import { z } from 'zod';
import { Instant, Sha256Hex, Uuid } from './ids.ts';
import { IssuerKind, KeyAlgorithm } from './models.ts';

/** Kinds of key that a CA may have. */
export const AuthorityAlgorithm = KeyAlgorithm.extract(['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096']);
export type AuthorityAlgorithm = z.infer<typeof AuthorityAlgorithm>;

export const CeremonyStepView = z.object({
  /** `key:root`, `certificate:issuing`, … */
  step: z.string(),
  /** For people. */
  title: z.string(),
  state: z.enum(['todo', 'begun', 'done']),
  /** When it was done, and by whom. */
  at: Instant.nullable(),
  by: z.string().nullable(),
});
export type CeremonyStepView = z.infer<typeof CeremonyStepView>;

/** A request to the customer's CA. */
export const CeremonyRequest = z.object({
  role: IssuerKind,
  commonName: z.string(),
  algorithm: AuthorityAlgorithm,
  pem: z.string(),
  /** The certificate was imported. */
  answered: z.boolean(),
});
export type CeremonyRequest = z.infer<typeof CeremonyRequest>;

/** What a ceremony waits for: officers that confirm it, certificates from the customer's CA, or only to be continued with a PIN. */
export const CeremonyWaits = z.enum(['officers', 'certificates', 'pin']);
export type CeremonyWaits = z.infer<typeof CeremonyWaits>;

export const CeremonyView = z.object({
  id: Uuid,
  name: z.string(),
  reason: z.string(),
  state: z.enum(['open', 'done', 'abandoned']),
  /** Null when it has ended. */
  waits: CeremonyWaits.nullable(),
  /** SHA-256 of what is to be made, as it was planned: what the officers confirm. */
  planSha256: Sha256Hex,
  token: z.string(),
  authorities: z.array(
    z.object({
      role: IssuerKind,
      issuer: z.string(),
      commonName: z.string(),
      algorithm: AuthorityAlgorithm,
      signedBy: z.enum(['itself', 'root', 'customer']),
      /** CKA_ID of the key on the token. */
      ckaId: z.string(),
    }),
  ),
  officers: z.object({ needed: z.int(), confirmed: z.array(z.object({ name: z.string(), at: Instant })) }),
  steps: z.array(CeremonyStepView),
  requests: z.array(CeremonyRequest),
  /** What should be thought about: of the certificates that were imported. */
  warnings: z.array(z.string()),
  startedBy: z.string(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
});
export type CeremonyView = z.infer<typeof CeremonyView>;

/** A file of a ceremony's record. */
export const CeremonyFileOut = z.object({ name: z.string(), base64: z.base64() });
export type CeremonyFileOut = z.infer<typeof CeremonyFileOut>;
