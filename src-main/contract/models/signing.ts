import { z } from 'zod';
import { Instant, KeyIdHex, Sha256Hex, Uuid } from '../ids.ts';
import { KeyAlgorithm } from './certificates.ts';

export const SessionKind = z.enum(['issue', 'crl-only', 'ceremony']);
export type SessionKind = z.infer<typeof SessionKind>;

export const SigningSession = z.object({
  id: Uuid,
  kind: SessionKind,
  issuer: z.string(),
  profiles: z.array(z.string()),
  quota: z.int(),
  used: z.int(),
  openedAt: Instant,
  until: Instant,
  idleMinutes: z.int(),
  perMinute: z.int(),
  operator: z.string(),
  reason: z.string(),
});
export type SigningSession = z.infer<typeof SigningSession>;

/** How the last signing session ended. */
export const SessionEnd = z.object({ at: Instant, why: z.string() });
export type SessionEnd = z.infer<typeof SessionEnd>;

export const TokenView = z.object({
  label: z.string(),
  model: z.string(),
  serial: z.string(),
  manufacturer: z.string(),
  firmware: z.string(),
  initialised: z.boolean(),
  software: z.boolean(),
  pinState: z.enum(['ok', 'low', 'final-try', 'locked', 'not-set']),
  /** Tries counted by us since the last success, where the token does not say; null when nothing is known. */
  triesLeft: z.int().nullable(),
  pinPad: z.boolean(),
});
export type TokenView = z.infer<typeof TokenView>;

/** A token as its module tells it, before anyone has logged in. */
export const TokenDetails = TokenView.extend({
  /** Names of the CKF_ flags that are set. */
  flags: z.array(z.string()),
  pinChars: z.object({ min: z.number(), max: z.number() }),
  /** How many mechanisms it has, and the kinds of key that it can make and sign with by them. */
  mechanisms: z.int(),
  algorithms: z.array(KeyAlgorithm),
});
export type TokenDetails = z.infer<typeof TokenDetails>;

export const IssuerKind = z.enum(['root', 'issuing', 'server']);
export type IssuerKind = z.infer<typeof IssuerKind>;

/** active: signs certificates and CRLs. retiring: CRLs only, until its last certificate has expired. ended: neither. */
export const IssuerState = z.enum(['active', 'retiring', 'ended']);
export type IssuerState = z.infer<typeof IssuerState>;

export const IssuerView = z.object({
  id: z.string(),
  kind: IssuerKind,
  state: IssuerState,
  subject: z.string(),
  algorithm: KeyAlgorithm,
  keyId: KeyIdHex,
  fingerprint: Sha256Hex,
  notBefore: Instant,
  notAfter: Instant,
  createdAt: Instant,
  /** Subjects of the certificates above its own that are not this station's, the nearest first; empty below a root of its own. */
  above: z.array(z.string()),
  /** Attributes read back from the token when the key was made. */
  proof: z.array(z.object({ attribute: z.string(), value: z.string() })),
  active: z.int(),
  expired: z.int(),
  revoked: z.int(),
});
export type IssuerView = z.infer<typeof IssuerView>;

/** A customer's CA above an issuer of this station, and the newest revocation list of it that was imported. */
export const RootCrlView = z.object({
  subject: z.string(),
  /** Of the CA's certificate. */
  fingerprint: Sha256Hex,
  /** Null when the list has none, or when there is no list. */
  number: z.string().nullable(),
  thisUpdate: Instant.nullable(),
  nextUpdate: Instant.nullable(),
  entries: z.int(),
  /** Issuers of this station that the list names. */
  revoked: z.array(z.string()),
  importedAt: Instant.nullable(),
});
export type RootCrlView = z.infer<typeof RootCrlView>;
