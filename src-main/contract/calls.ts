import { z } from 'zod';
import { DeviceName, Instant, SerialHex, Sha256Hex, Uuid } from './ids.ts';
import { limits } from './limits.ts';
import { Role } from './models.ts';
import {
  BrokerView,
  CertificateRow,
  CertificateStatus,
  CertificateUse,
  CrlView,
  DeviceRow,
  DoctorFinding,
  Operator,
  OrderProgress,
  ProbeStep,
  RevocationReason,
  RevocationView,
  SigningSession,
  SlotView,
  StationStatus,
  TokenView,
  Verdict,
  WorkOrder,
} from './models.ts';

export type Service = 'station' | 'signer';
/** `nobody`: may be called before anyone has signed in. */
export type Caller = Role | 'nobody';

interface CallSpec<S extends Service, I extends z.ZodType, O extends z.ZodType> {
  readonly service: S;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly roles: readonly Caller[];
}

const call = <S extends Service, I extends z.ZodType, O extends z.ZodType>(spec: CallSpec<S, I, O>): CallSpec<S, I, O> => spec;

/** No such host exists (RFC 6761): brokers of this station get the CRL as a file. */
export const placeholderCrlBase = 'http://crl.birthmark.invalid';

const nothing = z.object({}).strict();
const done = z.object({});
const everyone: readonly Caller[] = ['nobody', 'technician', 'officer', 'support'];
const signedIn: readonly Caller[] = ['technician', 'officer', 'support'];
const officer: readonly Caller[] = ['officer'];
const line: readonly Caller[] = ['technician', 'officer'];

const page = {
  search: z.string().max(100).default(''),
  limit: z.int().min(1).max(limits.pageRows).default(100),
  offset: z.int().min(0).default(0),
};
const slot = z.object({ slot: z.int().min(1).max(limits.slots) }).strict();

/** What to revoke; exactly one field. */
export const Selector = z
  .object({ device: DeviceName.optional(), serial: SerialHex.optional(), fingerprint: Sha256Hex.optional() })
  .strict()
  .refine((s) => Object.values(s).filter((v) => v !== undefined).length === 1, 'name exactly one of device, serial, fingerprint');
export type Selector = z.infer<typeof Selector>;

/** A PIN is asked for by the station and answered straight to the signer: the station never sees it. */
export const PinRequest = z.object({ requestId: Uuid, purpose: z.string(), token: TokenView.nullable(), expiresAt: Instant });
export type PinRequest = z.infer<typeof PinRequest>;

/**
 * The one table of what may cross a process boundary. The preload client, the bridge's checks, the dispatcher (which
 * enforces the roles), the CLI's help and the permission matrix are derived from it.
 */
export const calls = {
  'station.status': call({
    service: 'station',
    summary: 'Everything the status bar and the first screen need',
    input: nothing,
    output: StationStatus,
    roles: everyone,
  }),
  'station.tryOut': call({
    service: 'station',
    summary: 'Set up a try-out station: software token, local broker, simulated units',
    input: z.object({ slots: z.int().min(1).max(limits.slots).default(4), plug: z.boolean().default(true) }).strict(),
    output: StationStatus,
    roles: everyone,
  }),
  'station.init': call({
    service: 'station',
    summary: 'Set up a station on a token: root and issuing key in one ceremony; asks for the PIN by the event pin.wanted',
    input: z
      .object({
        name: z.string().min(1).max(40),
        /** The vendor's PKCS#11 library; without one a software token is made in the data folder. */
        module: z
          .object({ path: z.string().min(1), initString: z.string().optional() })
          .strict()
          .nullable(),
        tokenLabel: z.string().min(1).max(32),
        slots: z.array(z.object({ slot: z.int().min(1).max(limits.slots), path: z.string().min(1) }).strict()).max(limits.slots),
        brokerPort: z.int().min(0).max(65535).default(0),
        /** Stands in every certificate from the first one on and cannot be added later: where its CRL can be fetched over HTTP. */
        crlBase: z
          .url({ protocol: /^https?$/u })
          .max(200)
          .default(placeholderCrlBase),
        officer: z.string().min(1).max(64).default('officer'),
        /** The officer's password; null leaves the sign-in open to whoever may open the data folder. */
        password: z.string().min(8).max(128).nullable().default(null),
      })
      .strict(),
    output: StationStatus,
    roles: everyone,
  }),
  'operators.list': call({ service: 'station', summary: 'Who may sign in', input: nothing, output: z.array(Operator), roles: everyone }),
  'operators.add': call({
    service: 'station',
    summary: 'Let somebody work on this station; without a password whoever may open the app may sign in as them',
    input: z
      .object({ name: z.string().min(1).max(64), role: Role, password: z.string().min(8).max(128).nullable().default(null) })
      .strict(),
    output: Operator,
    roles: officer,
  }),
  'operators.signIn': call({
    service: 'station',
    summary: 'Sign in as an operator',
    input: z.object({ name: z.string(), password: z.string().max(128).default('') }).strict(),
    output: Operator,
    roles: everyone,
  }),
  'operators.signOut': call({ service: 'station', summary: 'Sign out', input: nothing, output: done, roles: signedIn }),

  'sessions.request': call({
    service: 'station',
    summary: 'Ask to open a signing session; the PIN then goes to the signer with this request’s id',
    input: z
      .object({
        kind: z.enum(['issue', 'crl-only']).default('issue'),
        quota: z.int().min(limits.sessionQuota.min).max(limits.sessionQuota.max).default(200),
        minutes: z.int().min(limits.sessionMinutes.min).max(limits.sessionMinutes.max).default(480),
        reason: z.string().min(1).max(200),
      })
      .strict(),
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
  'pin.enter': call({
    service: 'signer',
    summary: 'Answer a PIN request; a wrong PIN uses up one try and is never retried',
    input: z.object({ requestId: Uuid, pin: z.string().min(limits.pinChars.min).max(limits.pinChars.max) }).strict(),
    output: z.object({ session: SigningSession.nullable() }),
    roles: ['officer'],
  }),

  'line.slots': call({
    service: 'station',
    summary: 'All slots and what is in them',
    input: nothing,
    output: z.array(SlotView),
    roles: signedIn,
  }),
  'line.retry': call({ service: 'station', summary: 'Run the unit in this slot again', input: slot, output: SlotView, roles: line }),
  'line.reject': call({ service: 'station', summary: 'Take the unit out as rejected', input: slot, output: SlotView, roles: line }),
  'line.cancel': call({ service: 'station', summary: 'Stop the run in this slot', input: slot, output: SlotView, roles: line }),
  'line.reprovision': call({
    service: 'station',
    summary: 'Give a unit that has an identity a new one; the old certificate is revoked as superseded',
    input: slot,
    output: SlotView,
    roles: line,
  }),

  'orders.list': call({ service: 'station', summary: 'Work orders', input: nothing, output: z.array(OrderProgress), roles: signedIn }),
  'orders.current': call({
    service: 'station',
    summary: 'The work order on the line',
    input: nothing,
    output: OrderProgress.nullable(),
    roles: signedIn,
  }),
  'orders.create': call({ service: 'station', summary: 'Add a work order', input: WorkOrder, output: OrderProgress, roles: officer }),
  'orders.choose': call({
    service: 'station',
    summary: 'Put a work order on the line',
    input: z.object({ id: z.string() }).strict(),
    output: OrderProgress,
    roles: line,
  }),

  'bench.units': call({
    service: 'station',
    summary: 'The simulated units of a try-out station',
    input: nothing,
    output: z.array(z.object({ slot: z.int(), hardwareId: z.string().nullable(), fault: z.string().nullable() })),
    roles: signedIn,
  }),
  'bench.plug': call({
    service: 'station',
    summary: 'Plug a simulated unit into a slot',
    input: z
      .object({ slot: z.int().min(1).max(limits.slots), fault: z.string().max(40).optional(), hardwareId: z.string().max(64).optional() })
      .strict(),
    output: done,
    roles: line,
  }),
  'bench.unplug': call({ service: 'station', summary: 'Unplug the simulated unit of a slot', input: slot, output: done, roles: line }),

  'bench.broker': call({
    service: 'station',
    summary: 'Take the broker of a try-out station away, or bring it back',
    input: z.object({ up: z.boolean() }).strict(),
    output: done,
    roles: line,
  }),

  'devices.list': call({
    service: 'station',
    summary: 'Registered devices',
    input: z.object(page).strict(),
    output: z.object({ total: z.int(), rows: z.array(DeviceRow) }),
    roles: signedIn,
  }),
  'certificates.list': call({
    service: 'station',
    summary: 'Certificates',
    input: z.object({ ...page, status: CertificateStatus.optional(), use: CertificateUse.optional() }).strict(),
    output: z.object({ total: z.int(), rows: z.array(CertificateRow) }),
    roles: signedIn,
  }),
  'certificates.get': call({
    service: 'station',
    summary: 'One certificate with its PEM',
    input: z.object({ serial: SerialHex }).strict(),
    output: CertificateRow.extend({ pem: z.string().nullable() }),
    roles: signedIn,
  }),

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
  'broker.status': call({ service: 'station', summary: 'The broker host', input: nothing, output: BrokerView.nullable(), roles: signedIn }),

  'verify.outstanding': call({
    service: 'station',
    summary: 'Prove the units that are NOT_VERIFIED and plugged in',
    input: nothing,
    output: z.array(z.object({ device: DeviceName, slot: z.int().nullable(), verdict: Verdict, code: z.string().nullable() })),
    roles: line,
  }),
  'verify.unit': call({
    service: 'station',
    summary: 'Ask the unit in a slot to connect to the broker again, with its own key',
    input: slot,
    output: z.object({ device: z.string(), connected: z.boolean(), stage: z.string(), detail: z.string() }),
    roles: signedIn,
  }),
  'verify.broker': call({
    service: 'station',
    summary: 'Check the way to the broker, step by step',
    input: nothing,
    output: z.array(ProbeStep),
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

export type CallName = keyof typeof calls;
/** What a caller passes (defaults may be left out) and what it gets back. */
export type CallInput<N extends CallName> = z.input<(typeof calls)[N]['input']>;
export type CallParsed<N extends CallName> = z.output<(typeof calls)[N]['input']>;
export type CallOutput<N extends CallName> = z.output<(typeof calls)[N]['output']>;

/** One method per call; used by the preload client, the CLI and the tests alike. */
export type Client = <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutput<N>>;

export const events = {
  'status.changed': StationStatus,
  'slot.changed': SlotView,
  'order.changed': OrderProgress,
  'session.changed': SigningSession.nullable(),
  'revocation.changed': RevocationView,
  'setup.progress': z.object({ step: z.string(), done: z.int(), total: z.int() }),
  /** A set-up that is under way needs a PIN; the front end answers with pin.enter. */
  'pin.wanted': PinRequest,
  'service.changed': z.object({ service: z.enum(['station', 'signer']), state: z.enum(['up', 'restarting']) }),
} as const;
export type EventName = keyof typeof events;
export type EventPayload<N extends EventName> = z.output<(typeof events)[N]>;
