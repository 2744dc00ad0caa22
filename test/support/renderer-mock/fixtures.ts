import type {
  BrokerView,
  CertificateRow,
  CrlView,
  DeviceRow,
  IssuerView,
  Operator,
  OrderProgress,
  RecordsView,
  RevocationView,
  SigningSession,
  SlotView,
  StationStatus,
  TokenView,
} from '../../../src-main/contract/models.ts';
import type { ErrorCode } from '../../../src-main/contract/catalogue/index.ts';
import type { FailureData, FailureParams } from '../../../src-main/contract/errors.ts';
import { sampleFailure } from '../sample-failure.ts';

const second = 1000;
const hour = 3_600_000;

/** An instant this many milliseconds from now (negative: ago). */
export const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** A hexadecimal name that depends on the seed only. */
export function hex(seed: number, digits: number): string {
  let state = (seed * 2_654_435_761) >>> 0;
  let out = '';
  while (out.length < digits) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    out += state.toString(16).padStart(8, '0');
  }
  return out.slice(0, digits);
}

export const uuid = (seed: number): string => `${hex(seed, 8)}-0000-4000-8000-${hex(seed + 1, 12)}`;

export const operators: readonly Operator[] = [
  { name: 'Operator 14', role: 'technician', passwordSet: false },
  { name: 'Officer 3', role: 'officer', passwordSet: true },
  { name: 'Support 2', role: 'support', passwordSet: false },
];

export const token: TokenView = {
  label: 'Line 2 HSM',
  model: 'Nitrokey HSM 2',
  serial: 'DENK0200412',
  manufacturer: 'Nitrokey',
  firmware: '3.5',
  initialised: true,
  software: false,
  pinState: 'ok',
  triesLeft: 3,
  pinPad: false,
};

export const session = (): SigningSession => ({
  id: uuid(7),
  kind: 'issue',
  issuer: 'line-2',
  profiles: ['device'],
  quota: 200,
  used: 137,
  openedAt: at(-2 * hour),
  until: at(5 * hour + 720 * second),
  idleMinutes: 60,
  perMinute: 6000,
  operator: 'Officer 3',
  reason: 'early shift',
});

const proof = [
  { attribute: 'CKA_SENSITIVE', value: 'true' },
  { attribute: 'CKA_EXTRACTABLE', value: 'false' },
  { attribute: 'CKA_NEVER_EXTRACTABLE', value: 'true' },
  { attribute: 'CKA_LOCAL', value: 'true' },
];

export const issuers = (): IssuerView[] => [
  {
    id: 'root',
    kind: 'root',
    above: [],
    state: 'active',
    subject: 'CN=Acme device root',
    algorithm: 'ec-p256',
    keyId: hex(1, 40),
    fingerprint: hex(2, 64),
    notBefore: at(-200 * 24 * hour),
    notAfter: at(20 * 365 * 24 * hour),
    createdAt: at(-200 * 24 * hour),
    proof,
    active: 0,
    expired: 0,
    revoked: 0,
  },
  {
    id: 'line-2',
    kind: 'issuing',
    above: [],
    state: 'active',
    subject: 'CN=Line 2 issuing CA',
    algorithm: 'ec-p256',
    keyId: hex(3, 40),
    fingerprint: hex(4, 64),
    notBefore: at(-200 * 24 * hour),
    notAfter: at(1560 * 24 * hour),
    createdAt: at(-200 * 24 * hour),
    proof,
    active: 48_112,
    expired: 1204,
    revoked: 37,
  },
];

export const crl = (): CrlView => ({
  issuer: 'line-2',
  partition: 0,
  number: 412,
  added: 1,
  dropped: 0,
  thisUpdate: at(-18 * 60 * second),
  nextUpdate: at(24 * hour - 18 * 60 * second),
  entries: 37,
  bytes: 2114,
  sha256: hex(9, 64),
  publishedAt: at(-18 * 60 * second),
});

export const broker = (): BrokerView => ({
  name: 'broker-a',
  kind: 'local',
  version: null,
  state: 'up',
  host: '127.0.0.1',
  port: 8883,
  since: at(-3 * hour),
  canary: { at: at(-20 * second), revokedRefused: true, goodAccepted: true },
  waiting: 0,
  waitingSince: null,
  failure: null,
});

export const recordsView = (over: Partial<RecordsView> = {}): RecordsView => ({
  name: 'broker-a:5432/birthmark',
  host: 'broker-a',
  port: 5432,
  database: 'birthmark',
  state: 'up',
  since: at(-3 * hour),
  waiting: 0,
  waitingSince: null,
  sentAt: at(-20 * second),
  problems: 0,
  failure: null,
  ...over,
});

export const status = (over: Partial<StationStatus> = {}): StationStatus => ({
  phase: 'ready',
  name: 'Line 2',
  tryOut: false,
  version: '0.1.0',
  dataDir: '/home/line2/.local/share/birthmark',
  operator: operators[0] ?? null,
  token: { state: 'open', view: token },
  session: session(),
  sessionEnd: null,
  issuers: issuers(),
  crl: crl(),
  broker: broker(),
  outbox: { waiting: 0, oldest: null },
  records: [],
  notVerified: 0,
  backup: { newest: at(-5 * 3_600_000), failure: null },
  alarms: [],
  preconditions: [],
  ...over,
});

export const slot = (number: number, over: Partial<SlotView> = {}): SlotView => ({
  slot: number,
  path: `/dev/ttyACM${number}`,
  state: 'EMPTY',
  unit: null,
  device: null,
  run: null,
  step: null,
  progress: null,
  steps: [],
  ms: 0,
  startedAt: null,
  failure: null,
  certificateRevoked: false,
  proofLevel: null,
  gaps: [],
  label: null,
  deadline: null,
  earlier: null,
  ...over,
});

export const failure = (code: ErrorCode, params?: FailureParams, detail?: string): FailureData =>
  sampleFailure(code, params, detail).toData();

export const unit = (seed: number): NonNullable<SlotView['unit']> => ({
  hardwareId: hex(seed, 12).toUpperCase(),
  model: 'thermostat-t2',
  firmware: '1.4.0',
  locked: false,
});

/** The eight slots of the design's draft. */
export const draftSlots = (): SlotView[] => [
  slot(1, { state: 'PASS', unit: unit(1), device: 'acme/T2-000131', ms: 8100, proofLevel: 'device-connected' }),
  slot(2, {
    state: 'RUNNING',
    unit: unit(2),
    device: 'acme/T2-000136',
    step: 'install',
    progress: { done: 1200, total: 2900 },
    startedAt: at(-4700),
  }),
  slot(3, {
    state: 'FAIL',
    unit: unit(3),
    device: 'acme/T2-000133',
    ms: 12_400,
    failure: failure('VERIFY_MISMATCH', { item: 'certificate' }, 'offset 412: 3a instead of 7f'),
    certificateRevoked: true,
  }),
  slot(4, { state: 'RUNNING', unit: unit(4), device: 'acme/T2-000135', step: 'connect', startedAt: at(-6900) }),
  slot(5, {
    state: 'NOT_VERIFIED',
    unit: unit(5),
    device: 'acme/T2-000134',
    ms: 7900,
    failure: failure('BROKER_AWAY', { host: 'broker-a.acme.example', port: 8883, stage: 'tcp' }),
    deadline: at(26 * hour),
    proofLevel: 'possession',
  }),
  slot(6, {
    state: 'HAS_IDENTITY',
    unit: unit(6),
    device: 'acme/T2-000088',
    failure: failure('HAS_IDENTITY', { device: 'acme/T2-000088' }),
  }),
  slot(7, { state: 'READY', unit: unit(7) }),
  slot(8),
];

export const order = (over: Partial<OrderProgress> = {}): OrderProgress => ({
  order: {
    id: 'WO-2231',
    tenant: 'acme',
    product: 'Thermostat T2, ESP32-C3',
    deviceProfile: 'smp-reference',
    certificateProfile: 'device',
    quantity: 200,
    idPrefix: 'T2-',
  },
  passed: 137,
  failed: 2,
  notVerified: 1,
  unitsPerHour: 412.4,
  minutesLeft: 8.6,
  ...over,
});

export const certificates = (many: number): CertificateRow[] =>
  Array.from({ length: many }, (_, index): CertificateRow => {
    const status = (['ACTIVE', 'ACTIVE', 'ACTIVE', 'REVOKED', 'ACTIVE', 'EXPIRED', 'SIGNED'] as const)[index % 7] ?? 'ACTIVE';
    return {
      serial: hex(index + 100, 40).toUpperCase(),
      fingerprint: status === 'SIGNED' ? null : hex(index + 5000, 64),
      use: index === 1 ? 'canary-revoked' : index === 2 ? 'canary-good' : 'device',
      device:
        index === 9 ? 'acme-manufacturing-south/T2-EU-868MHZ-000000000000000000000131' : `acme/T2-${String(index + 1).padStart(6, '0')}`,
      issuer: 'line-2',
      status,
      notBefore: at(-index * hour),
      notAfter: at(365 * 24 * hour - index * hour),
      revokedAt: status === 'REVOKED' ? at(-600 * second) : null,
      reason: status === 'REVOKED' ? 'keyCompromise' : null,
      order: 'WO-2231',
      replaces: null,
      graceUntil: null,
      createdAt: at(-index * hour),
    };
  });

export const devices = (many: number): DeviceRow[] =>
  certificates(many).map((row, index): DeviceRow => ({
    device: row.device,
    tenant: row.device.split('/')[0] ?? '',
    id: row.device.split('/')[1] ?? '',
    hardwareId: unit(index + 1).hardwareId,
    model: 'thermostat-t2',
    fields: index % 3 === 0 ? { name: `Gate ${String(index + 1)}`, location: 'hall 3', firmware: '2.1.0' } : {},
    order: row.order,
    state: 'APPROVED',
    decidedAt: null,
    decidedBy: null,
    reason: null,
    proofLevel: row.status === 'SIGNED' ? null : 'device-connected',
    certificates: 1 + (index % 3),
    status: row.status,
    createdAt: row.createdAt,
  }));

export const revocation = (over: Partial<RevocationView> = {}): RevocationView => ({
  serial: hex(77, 40).toUpperCase(),
  device: 'acme/T1-000771',
  reason: 'keyCompromise',
  note: '',
  operator: 'Officer 3',
  state: 'PUBLISHED',
  recordedAt: at(-2100),
  publishedAt: at(-1200),
  effectiveAt: null,
  crlNumber: 412,
  use: 'device',
  liveSessionGoneMs: null,
  ...over,
});
