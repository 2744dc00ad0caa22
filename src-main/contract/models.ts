import { z } from 'zod';
import { FailureData } from './errors.ts';
import { DeviceId, DeviceName, Instant, KeyIdHex, SerialHex, Sha256Hex, TenantId, Uuid } from './ids.ts';
import { limits } from './limits.ts';

export const roles = ['technician', 'officer', 'support'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const Operator = z.object({ name: z.string().min(1).max(64), role: Role, passwordSet: z.boolean() });
export type Operator = z.infer<typeof Operator>;

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

/** A status only moves to the right. EXPIRED and REVOKED are final. */
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

/** How far a unit was proven, the most first: it connected itself; the station connected as it; it signed a challenge; what it stores was read back. */
export const proofLevels = ['device-connected', 'station-connected', 'possession', 'written'] as const;
export const ProofLevel = z.enum(proofLevels);
export type ProofLevel = z.infer<typeof ProofLevel>;

/** PENDING: no certificate until a work order covers it or an officer approves it. REFUSED: none. */
export const DeviceState = z.enum(['PENDING', 'APPROVED', 'REFUSED']);
export type DeviceState = z.infer<typeof DeviceState>;

export const DeviceRow = z.object({
  device: DeviceName,
  tenant: TenantId,
  id: DeviceId,
  /** Null: registered before anybody has seen the unit, or its credentials travel as a bundle. */
  hardwareId: z.string().nullable(),
  model: z.string(),
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

// The line
export const runSteps = [
  'identify',
  'register',
  'key',
  'csr',
  'certificate',
  'station-connect',
  'install',
  'read-back',
  'possession',
  'access',
  'connect',
  'isolation',
  'lock',
] as const;
export const RunStep = z.enum(runSteps);
export type RunStep = z.infer<typeof RunStep>;

export const Verdict = z.enum(['PASS', 'FAIL', 'NOT_VERIFIED']);
export type Verdict = z.infer<typeof Verdict>;

/** What a PASS does without, because the unit cannot do it or its profile does not ask for it: passed without read-back, … */
export const runGaps = ['read-back', 'key-read-back', 'possession', 'own-connection', 'lock'] as const;
export const RunGap = z.enum(runGaps);
export type RunGap = z.infer<typeof RunGap>;

export const StepTime = z.object({ step: RunStep, ms: z.number() });

export const Unit = z.object({
  hardwareId: z.string().min(1).max(64),
  model: z.string().max(64),
  firmware: z.string().max(64),
  locked: z.boolean(),
});
export type Unit = z.infer<typeof Unit>;

/** REMOVE: the operator rejected the unit, or leaves it as it is; it is to be taken out. */
export const slotStates = ['EMPTY', 'READY', 'RUNNING', 'PASS', 'FAIL', 'NOT_VERIFIED', 'HAS_IDENTITY', 'REMOVE'] as const;
export const SlotState = z.enum(slotStates);
export type SlotState = z.infer<typeof SlotState>;

export const SlotView = z.object({
  slot: z.int().min(1).max(limits.slots),
  /** Its position, as it was bound: a path, or `usb:` or `hub:` and what is looked for. */
  path: z.string(),
  /** The device that the unit’s label names, where one was scanned. */
  label: z.string().nullable(),
  state: SlotState,
  unit: Unit.nullable(),
  device: z.string().nullable(),
  run: Uuid.nullable(),
  step: RunStep.nullable(),
  progress: z.object({ done: z.number(), total: z.number() }).nullable(),
  steps: z.array(StepTime),
  ms: z.number(),
  startedAt: Instant.nullable(),
  failure: FailureData.nullable(),
  /** What a failure left behind, in words the catalogue does not have: was a signed certificate revoked? */
  certificateRevoked: z.boolean(),
  proofLevel: ProofLevel.nullable(),
  gaps: z.array(RunGap),
  /** NOT_VERIFIED: until when it can be proven. */
  deadline: Instant.nullable(),
});
export type SlotView = z.infer<typeof SlotView>;

export const WorkOrder = z.object({
  id: z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/u, 'letters, digits, "_", "." and "-" only, 1 to 40 of them'),
  tenant: TenantId,
  product: z.string().min(1).max(80),
  deviceProfile: z.string().min(1).max(64),
  certificateProfile: z.string().min(1).max(64),
  quantity: z.int().min(1).max(1_000_000),
  /** Device ids: a prefix and a running number, e.g. `T2-` + 000131. */
  idPrefix: z.string().regex(/^[A-Za-z0-9_.-]{0,40}$/u, 'letters, digits, "_", "." and "-" only, at most 40 of them'),
});
export type WorkOrder = z.infer<typeof WorkOrder>;

export const OrderProgress = z.object({
  order: WorkOrder,
  passed: z.int(),
  failed: z.int(),
  notVerified: z.int(),
  unitsPerHour: z.number().nullable(),
  minutesLeft: z.number().nullable(),
});
export type OrderProgress = z.infer<typeof OrderProgress>;

/** A condition that must hold before units can run; a pure list shown on the screen, in the CLI and asked by the run. */
export const Precondition = z.object({ level: z.enum(['error', 'warning']), failure: FailureData });
export type Precondition = z.infer<typeof Precondition>;

// Signing
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

/** Something about a profile file, where it stands. */
export const ProfileFinding = z.object({ line: z.int(), column: z.int(), level: z.enum(['error', 'warning']), problem: z.string() });
export type ProfileFinding = z.infer<typeof ProfileFinding>;

export const DeviceProfileView = z.object({
  name: z.string(),
  /** The station's own, not one that is shipped. */
  own: z.boolean(),
  driver: z.string(),
  /** Who makes the key. */
  key: z.enum(['device', 'station']),
  keyAlgorithm: KeyAlgorithm,
  /** For what kind of units; null where the profile does not say. */
  summary: z.string().nullable(),
});
export type DeviceProfileView = z.infer<typeof DeviceProfileView>;

/** What was said on the line to a unit. */
export const TranscriptView = z.object({
  run: z.string(),
  device: z.string().nullable(),
  verdict: Verdict.nullable(),
  lines: z.array(
    z.object({
      at: z.string(),
      direction: z.enum(['to-unit', 'from-unit', 'note']),
      text: z.string(),
      /** Text that was no whole line: a prompt, or bytes (in base64). */
      part: z.enum(['prompt', 'bytes']).optional(),
    }),
  ),
});
export type TranscriptView = z.infer<typeof TranscriptView>;

export const CertificateProfileView = z.object({
  name: z.string(),
  /** The station's own, not one that is shipped. */
  own: z.boolean(),
  keyAlgorithms: z.array(KeyAlgorithm),
  /** Null: the device, or whom its device profile names. */
  keyMadeBy: KeyMaker.nullable(),
  validityDays: z.int(),
  maxValidityDays: z.int(),
  commonName: z.string(),
  organization: z.string().nullable(),
  organizationalUnit: z.string().nullable(),
  uri: z.string().nullable(),
});
export type CertificateProfileView = z.infer<typeof CertificateProfileView>;

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

// Revocation and publication
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

export const BrokerView = z.object({
  name: z.string(),
  kind: z.enum(['local', 'remote']),
  state: z.enum(['up', 'away', 'starting']),
  host: z.string(),
  port: z.int(),
  /** As its log says; null before it said so. */
  version: z.string().nullable(),
  since: Instant,
  canary: z.object({ at: Instant, revokedRefused: z.boolean(), goodAccepted: z.boolean() }).nullable(),
  /** Publications that wait, and since when. */
  waiting: z.int(),
  waitingSince: Instant.nullable(),
  failure: FailureData.nullable(),
});
export type BrokerView = z.infer<typeof BrokerView>;

/** A broker host that an administrator runs: Mosquitto, and OpenSSH for what the station puts there. */
export const RemoteHost = z
  .object({
    host: z.string().min(1).max(253),
    /** MQTT over TLS. */
    port: z.int().min(1).max(65_535).default(8883),
    /** What its server certificate is for; null: the host. */
    serverName: z.string().min(1).max(253).nullable().default(null),
    sshPort: z.int().min(1).max(65_535).default(22),
    /** As `ssh-keygen -l` prints it. */
    hostKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/u, 'must be SHA256: and 43 characters, as “ssh-keygen -l” prints it'),
    filesUser: z.string().min(1).max(64).default('birthmark-files'),
    commandUser: z.string().min(1).max(64).default('birthmark-command'),
  })
  .strict();
export type RemoteHost = z.infer<typeof RemoteHost>;

/** Who may do what on the broker: in which form, and what that costs it. Times in ms, estimated from measurements. */
export const AccessView = z.object({
  topicRule: z.string(),
  /** entries: one for each device. pattern: one line for all of them. */
  form: z.enum(['entries', 'pattern']),
  devices: z.int(),
  brokerVersion: z.string().nullable(),
  /** How long a reload of the access list stops the broker. */
  reloadMs: z.number(),
  /** The revocation lists: what a reload and each handshake cost. */
  crl: z.object({ entries: z.int(), bytes: z.int(), reloadMs: z.number(), handshakeMs: z.number() }),
  warnings: z.array(FailureData),
});
export type AccessView = z.infer<typeof AccessView>;

/** Who may come to the broker with a password, or is no device. */
export const LoginView = z.object({
  username: z.string(),
  kind: z.enum(['device', 'service']),
  hasPassword: z.boolean(),
  /** Topic filters of a service; a device has its own topics. */
  reads: z.array(z.string()),
  writes: z.array(z.string()),
  setBy: z.string(),
  setAt: Instant,
  /** Why its password is not taken: the device has a certificate, was revoked, is not approved, or its tenant takes none; null: it is. */
  refusal: z.enum(['no-password', 'not-approved', 'tenant', 'revoked', 'certificate']).nullable(),
});
export type LoginView = z.infer<typeof LoginView>;

/** What the devices of a tenant log in with, where it is not both with the certificate first. */
export const TenantLogins = z.object({
  tenant: z.string(),
  mode: z.enum(['certificates', 'passwords']),
  until: Instant.nullable(),
  reason: z.string(),
  setBy: z.string(),
  setAt: Instant,
});
export type TenantLogins = z.infer<typeof TenantLogins>;

/** A PostgreSQL database of the central records. */
export const RecordsHost = z
  .object({
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/u, 'must be a host name or an address'),
    port: z.int().min(1).max(65_535).default(5432),
    database: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,62}$/u, 'must be small letters, digits and "_"')
      .default('birthmark'),
    /** What its server certificate is for; null: the host. */
    serverName: z.string().min(1).max(253).nullable().default(null),
    /** The CA of its server certificate; null: the CA of our brokers' certificates. */
    caPem: z.string().max(limits.pemChars).nullable().default(null),
  })
  .strict();
export type RecordsHost = z.infer<typeof RecordsHost>;

export const RecordsView = z.object({
  name: z.string(),
  host: z.string(),
  port: z.int(),
  database: z.string(),
  state: z.enum(['up', 'away', 'starting']),
  since: Instant,
  /** Changes that are not recorded there yet, and since when the oldest of them waits. */
  waiting: z.int(),
  waitingSince: Instant.nullable(),
  /** When something was last recorded there. */
  sentAt: Instant.nullable(),
  /** What it did not take, or has otherwise. */
  problems: z.int(),
  failure: FailureData.nullable(),
});
export type RecordsView = z.infer<typeof RecordsView>;

export const RecordsProblem = z.object({ host: z.string(), kind: z.string(), key: z.string(), at: Instant, failure: FailureData });
export type RecordsProblem = z.infer<typeof RecordsProblem>;

export const Alarm = z.object({ id: z.string(), level: z.enum(['warning', 'alarm']), since: Instant, failure: FailureData });
export type Alarm = z.infer<typeof Alarm>;

export const StationStatus = z.object({
  phase: z.enum(['first-run', 'setting-up', 'ready']),
  name: z.string(),
  tryOut: z.boolean(),
  version: z.string(),
  dataDir: z.string(),
  operator: Operator.nullable(),
  token: z.object({ state: z.enum(['open', 'locked', 'absent', 'none']), view: TokenView.nullable() }),
  session: SigningSession.nullable(),
  sessionEnd: SessionEnd.nullable(),
  issuers: z.array(IssuerView),
  crl: CrlView.nullable(),
  broker: BrokerView.nullable(),
  outbox: z.object({ waiting: z.int(), oldest: Instant.nullable() }),
  records: z.array(RecordsView),
  notVerified: z.int(),
  alarms: z.array(Alarm),
  preconditions: z.array(Precondition),
});
export type StationStatus = z.infer<typeof StationStatus>;

export const DoctorFinding = z.object({
  invariant: z.int(),
  title: z.string(),
  ok: z.boolean(),
  checked: z.int(),
  problems: z.array(z.string()),
});
export type DoctorFinding = z.infer<typeof DoctorFinding>;

export const ProbeStep = z.object({
  name: z.string(),
  result: z.enum(['PASS', 'FAIL', 'SKIPPED']),
  ms: z.number(),
  value: z.string(),
  failure: FailureData.nullable(),
});
export type ProbeStep = z.infer<typeof ProbeStep>;

/** One comparison of the registry with the broker host; `examples` are the first of the differences. */
export const Difference = z.object({ name: z.string(), checked: z.int(), differences: z.int(), examples: z.array(z.string()) });
export type Difference = z.infer<typeof Difference>;

// Verification
/** As Node names them; versions before 1.2 are offered only to see them refused. */
export const TlsVersion = z.enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
export type TlsVersion = z.infer<typeof TlsVersion>;

/** What is wrong with one certificate of a chain, or with its link to the next one. */
export const ChainProblem = z.enum([
  'signature',
  'order',
  'expired',
  'not-yet-valid',
  'not-a-ca',
  'path-too-long',
  'other-name',
  'wrong-use',
  'issuer-unknown',
  'revoked',
]);
export type ChainProblem = z.infer<typeof ChainProblem>;

export const ChainLink = z.object({
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  notBefore: Instant,
  notAfter: Instant,
  /** subjectAltName as OpenSSL writes it; empty without one. */
  names: z.string(),
  fingerprint: Sha256Hex,
  problem: ChainProblem.nullable(),
});
export type ChainLink = z.infer<typeof ChainLink>;

/** A broker to try: any host and port. `serverName` null: the host; `caPem` null: the CA of the station's own broker host. */
export const BrokerTarget = z
  .object({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    serverName: z.string().min(1).max(253).nullable().default(null),
    caPem: z.string().max(limits.pemChars).nullable().default(null),
  })
  .strict();
export type BrokerTarget = z.infer<typeof BrokerTarget>;

const passphrase = z.string().max(1_000);
const pem = z.string().max(limits.pemChars);

/** As whom to connect. `station`: the station's observer. `device`: a device of the registry, with its key, which the station does not have. */
export const ClientIdentity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('station') }).strict(),
  z.object({ kind: z.literal('none') }).strict(),
  z.object({ kind: z.literal('pem'), certificatePem: pem, keyPem: pem, passphrase: passphrase.nullable().default(null) }).strict(),
  z.object({ kind: z.literal('device'), device: DeviceName, keyPem: pem, passphrase: passphrase.nullable().default(null) }).strict(),
  /** `file`: PKCS#12 in base64. */
  z.object({ kind: z.literal('p12'), file: pem, passphrase: passphrase.default('') }).strict(),
  z.object({ kind: z.literal('password'), username: z.string().min(1).max(256), password: z.string().max(1_000) }).strict(),
]);
export type ClientIdentity = z.infer<typeof ClientIdentity>;

/** The way to a broker as one client saw it, with both chains as far as they were shown. */
export const VerificationView = z.object({
  verdict: z.enum(['PASS', 'FAIL']),
  host: z.string(),
  port: z.int(),
  steps: z.array(ProbeStep),
  /** The first thing that is wrong; null when nothing is. */
  diagnosis: FailureData.nullable(),
  protocol: z.string().nullable(),
  cipher: z.string().nullable(),
  serverChain: z.array(ChainLink),
  clientChain: z.array(ChainLink),
});
export type VerificationView = z.infer<typeof VerificationView>;
