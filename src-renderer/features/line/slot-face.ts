import type { FailureData } from '../../../src-main/contract/errors.ts';
import { runSteps, type RunStep, type SlotView } from '../../../src-main/contract/models.ts';
import type { Tone } from '../../ui/tone.ts';

export type SlotAction = 'retry' | 'reject' | 'prove' | 'leave' | 'reprovision';

/** What a slot offers: the first action is the one its number key does. */
export function actionsOf(slot: Pick<SlotView, 'state' | 'failure'>): readonly SlotAction[] {
  switch (slot.state) {
    case 'FAIL':
      return mayRetry(slot.failure) ? ['retry', 'reject'] : ['reject'];
    case 'NOT_VERIFIED':
      return ['prove'];
    case 'HAS_IDENTITY':
      return ['leave', 'reprovision'];
    case 'EMPTY':
    case 'READY':
    case 'RUNNING':
    case 'PASS':
    case 'REMOVE':
      return [];
  }
}

const mayRetry = (failure: FailureData | null): boolean => failure?.retry !== 'never';

const toneOf: Readonly<Record<SlotView['state'], Tone>> = {
  EMPTY: 'idle',
  READY: 'busy',
  RUNNING: 'busy',
  PASS: 'pass',
  FAIL: 'fail',
  NOT_VERIFIED: 'hold',
  HAS_IDENTITY: 'hold',
  REMOVE: 'idle',
};

/** Rejected, or left as it was: calm. Revoked after it had passed: loud, because it lay there as good. */
export const toneFor = (slot: Pick<SlotView, 'state' | 'certificateRevoked'>): Tone =>
  slot.state === 'REMOVE' && slot.certificateRevoked ? 'fail' : toneOf[slot.state];

/** A unit is there and cannot start: “Ready” would be a promise that is not kept. */
export const isWaiting = ({ state, failure }: Pick<SlotView, 'state' | 'failure'>, blocked: boolean): boolean =>
  state === 'READY' && (blocked || failure !== null);

interface RunPosition {
  /** 1-based; null while no step is known. */
  readonly step: number | null;
  readonly total: number;
  /** How far the step itself is, 0 to 1. */
  readonly within: number;
  /** How far the whole run is, 0 to 1. */
  readonly overall: number;
}

/** Only a unit whose key the station makes has the other one. */
const usualSteps: readonly RunStep[] = runSteps.filter((step) => step !== 'station-connect');

/** Where a run is, counted in steps. */
export function positionOf({ step, progress }: Pick<SlotView, 'step' | 'progress'>): RunPosition {
  const steps: readonly RunStep[] = step === 'station-connect' ? runSteps : usualSteps;
  if (step === null) return { step: null, total: steps.length, within: 0, overall: 0 };
  const index = steps.indexOf(step);
  const within = progress === null || progress.total <= 0 ? 0 : Math.max(0, Math.min(1, progress.done / progress.total));
  return { step: index + 1, total: steps.length, within, overall: (index + within) / steps.length };
}

/** Shorter than this is no time worth showing: nothing was done. */
const worthShowingMs = 50;

/** Milliseconds to show: the running time while it runs, the whole time afterwards. */
export function shownMs(slot: Pick<SlotView, 'state' | 'ms' | 'startedAt'>, now: number): number | null {
  if (slot.state === 'RUNNING') return slot.startedAt === null ? slot.ms : Math.max(0, now - Date.parse(slot.startedAt));
  return slot.ms >= worthShowingMs && slot.state !== 'EMPTY' ? slot.ms : null;
}

/** The last part of `{tenant}/{device}`, which is what is printed on the label. */
export const labelOf = (device: string): string => device.slice(device.lastIndexOf('/') + 1);
