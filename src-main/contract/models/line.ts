import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { Instant, TenantId, Uuid } from '../ids.ts';
import { limits } from '../limits.ts';
import { ProofLevel } from './devices.ts';

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
export const runGaps = [
  'read-back',
  'key-read-back',
  'certificate-read-back',
  'trust-anchors-read-back',
  'settings-read-back',
  'possession',
  'own-connection',
  'lock',
] as const;
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
  /** PASS from before the station was started: when, and for which work order. */
  earlier: z.object({ at: Instant, order: z.string() }).nullable(),
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
