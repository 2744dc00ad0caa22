import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { Instant } from '../ids.ts';
import { BackupState } from './backups.ts';
import { BrokerView, RecordsView } from './broker.ts';
import { Precondition } from './line.ts';
import { Operator } from './operators.ts';
import { CrlView } from './revocation.ts';
import { IssuerView, SessionEnd, SigningSession, TokenView } from './signing.ts';

export const Alarm = z.object({ id: z.string(), level: z.enum(['warning', 'alarm']), since: Instant, failure: FailureData });
export type Alarm = z.infer<typeof Alarm>;

/** `known`: the last time that was beyond doubt. `others`: clocks of the broker host and of central databases. */
export const ClockView = z.object({
  now: Instant,
  known: Instant,
  others: z.array(z.object({ name: z.string(), time: Instant })),
  doubt: FailureData.nullable(),
});
export type ClockView = z.infer<typeof ClockView>;

export const StationStatus = z.object({
  phase: z.enum(['first-run', 'setting-up', 'ready']),
  name: z.string(),
  tryOut: z.boolean(),
  version: z.string(),
  dataDir: z.string(),
  /** Who asked. */
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
  /** Null on first run. */
  backup: BackupState.nullable(),
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
