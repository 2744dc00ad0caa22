import { z } from 'zod';
import { Bytes, Instant, TenantId, Uuid } from '../ids.ts';
import { limits } from '../limits.ts';
import { SigningSession, TokenView } from '../models.ts';
import { ModuleConfig, TokenRef } from '../signer.ts';
import { call, done, nothing, officer, signedIn } from './spec.ts';

/** A PIN is asked for by the station and answered straight to the signer: the station never sees it. */
export const PinRequest = z.object({
  requestId: Uuid,
  purpose: z.string(),
  token: TokenView.nullable(),
  expiresAt: Instant,
  /** The PIN is typed on the device: answer with pin.onDevice instead of pin.enter. */
  pinPad: z.boolean(),
});
export type PinRequest = z.infer<typeof PinRequest>;

/** A PIN in UTF-8. Bytes can be wiped, and texts cannot. */
const PinBytes = Bytes.refine(
  ({ length }) => length >= limits.pinChars.min && length <= limits.pinChars.max * 4,
  'has a length that no PIN has',
);

/** What a PIN would allow: the signer says it, of the terms that it would enforce. */
export const PinTerms = z.discriminatedUnion('kind', [
  /** A new PIN for a software token that is to be made. */
  z.object({ kind: z.literal('init'), label: z.string() }),
  /** Another module or token takes the place of the one that is used, for good. */
  z.object({
    kind: z.literal('rebind'),
    module: ModuleConfig,
    token: TokenRef,
    /** Common names of the CAs whose keys must be in it. */
    issuers: z.array(z.string()),
    operator: z.string(),
    reason: z.string(),
  }),
  z.object({
    kind: z.enum(['issue', 'crl-only', 'ceremony']),
    token: z.object({ label: z.string(), serial: z.string() }),
    /** Common names of the CAs that may sign, as their certificates have them. */
    issuers: z.array(z.string()),
    profiles: z.array(z.string()),
    /** Null: of any. */
    tenants: z.array(z.string()).nullable(),
    quota: z.int(),
    until: Instant,
    operator: z.string(),
    reason: z.string(),
    /** Null where the signer has its own record; else the lists above which it would go on. */
    relearn: z.array(z.object({ uri: z.string(), number: z.int() })).nullable(),
  }),
]);
export type PinTerms = z.infer<typeof PinTerms>;

export const sessionsCalls = {
  'sessions.request': call({
    service: 'station',
    summary: 'Ask to open a signing session; the PIN then goes to the signer with this request’s id',
    input: z
      .object({
        kind: z.enum(['issue', 'crl-only']).default('issue'),
        quota: z.int().min(limits.sessionQuota.min).max(limits.sessionQuota.max).default(200),
        minutes: z.int().min(limits.crlSessionMinutes.min).max(limits.crlSessionMinutes.max).default(480),
        /** Closes by itself when nothing was signed for so long; null: only at its end. */
        idleMinutes: z.int().min(limits.sessionMinutes.min).max(limits.crlSessionMinutes.max).nullable().default(null),
        perMinute: z.int().min(limits.sessionPerMinute.min).max(limits.sessionPerMinute.max).default(limits.sessionPerMinute.max),
        /** Certificate profiles that may be signed under: of devices, `server` for brokers, `service` for other clients of the broker; null: all of this station's devices. */
        profiles: z.array(z.string().max(64)).min(1).max(64).nullable().default(null),
        /** The devices of these tenants only; null: of any. */
        tenants: z.array(TenantId).min(1).max(64).nullable().default(null),
        /** The signer lost its records and takes the station's: see SIGNER_MEMORY_LOST. */
        relearn: z.boolean().default(false),
        reason: z.string().min(1).max(200),
      })
      .strict()
      .refine((wish) => wish.kind === 'crl-only' || wish.minutes <= limits.sessionMinutes.max, {
        path: ['minutes'],
        message: `at most ${limits.sessionMinutes.max} minutes where certificates are signed`,
      }),
    output: PinRequest,
    roles: officer,
  }),
  'sessions.current': call({
    service: 'station',
    summary: 'The open signing session, if any',
    input: nothing,
    output: SigningSession.nullable(),
    roles: signedIn,
  }),
  'sessions.close': call({ service: 'station', summary: 'Close the signing session now', input: nothing, output: done, roles: officer }),
  'pin.terms': call({
    service: 'signer',
    summary: 'What the PIN of a request would allow, in the signer’s own words; show it before the PIN is entered',
    input: z.object({ requestId: Uuid }).strict(),
    output: PinTerms,
    roles: ['officer'],
  }),
  'pin.enter': call({
    service: 'signer',
    summary: 'Answer a PIN request; a wrong PIN uses up one try and is never retried',
    input: z.object({ requestId: Uuid, pin: PinBytes }).strict(),
    output: z.object({ session: SigningSession.nullable() }),
    roles: ['officer'],
  }),
  'pin.onDevice': call({
    service: 'signer',
    summary: 'Answer a PIN request on the PIN pad of the token; returns when the PIN was typed there',
    input: z.object({ requestId: Uuid }).strict(),
    output: z.object({ session: SigningSession.nullable() }),
    roles: ['officer'],
  }),
  'pin.cancel': call({
    service: 'signer',
    summary: 'Give up a PIN request; a wait for the PIN pad ends at once',
    input: z.object({ requestId: Uuid }).strict(),
    output: done,
    roles: ['officer'],
  }),
} as const;
