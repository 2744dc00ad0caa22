import type { ProofLevel, RunGap, SlotView, Verdict } from '../../contract/index.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

export interface UnitResult {
  readonly slot: number;
  readonly hardwareId: string;
  readonly device: string;
  readonly verdict: Verdict;
  readonly code?: string;
  /** PASS: how far it was proven, and what it did without. */
  readonly proofLevel?: ProofLevel;
  readonly gaps: readonly RunGap[];
  readonly steps: SlotView['steps'];
  certificate?: { serial: string; fingerprint: string | null; status: string };
}

const verdicts: Partial<Record<SlotView['state'], Verdict>> = {
  PASS: 'PASS',
  FAIL: 'FAIL',
  NOT_VERIFIED: 'NOT_VERIFIED',
  HAS_IDENTITY: 'FAIL',
};

/** The result of a slot whose run has ended; null while it runs or when it is empty. */
export function resultOf(view: SlotView): UnitResult | null {
  const verdict = verdicts[view.state];
  if (verdict === undefined) return null;
  const { slot, device } = view;
  // It passed before the station was started: nobody made it now.
  if (view.earlier !== null)
    return {
      slot,
      hardwareId: view.unit?.hardwareId ?? '',
      device: device ?? '',
      verdict: 'FAIL',
      code: 'HAS_IDENTITY',
      gaps: [],
      steps: [],
    };
  return {
    slot: view.slot,
    hardwareId: view.unit?.hardwareId ?? '',
    device: view.device ?? '',
    verdict,
    ...(view.failure === null ? {} : { code: view.failure.code }),
    ...(view.proofLevel === null ? {} : { proofLevel: view.proofLevel }),
    gaps: view.gaps,
    steps: view.steps,
  };
}

/** Calls back once per ended run. */
export function onResult(station: StationProcess, listener: (result: UnitResult, view: SlotView) => void): () => void {
  const told = new Set<string>();
  return station.on('slot.changed', (view) => {
    const result = resultOf(view);
    const key = `${view.run ?? ''} ${view.state}`;
    if (result === null || told.has(key)) return;
    told.add(key);
    listener(result, view);
  });
}

/** Adds the newest certificate of each unit's device, as the registry has it now. */
export async function addCertificates(station: StationProcess, units: readonly UnitResult[]): Promise<void> {
  for (const unit of units) {
    if (unit.device === '') continue;
    const { rows } = await station.call('certificates.list', { search: unit.device, limit: 50 });
    const newest = rows.find((row) => row.device === unit.device);
    if (newest !== undefined) unit.certificate = { serial: newest.serial, fingerprint: newest.fingerprint, status: newest.status };
  }
}

export function unitsText(units: readonly UnitResult[]): string {
  return table(
    ['SLOT', 'DEVICE', 'VERDICT', 'PROOF', 'SECONDS', 'CERTIFICATE', 'CODE'],
    units.map((unit) => [
      String(unit.slot),
      unit.device,
      unit.verdict,
      proofText(unit),
      (unit.steps.reduce((sum, step) => sum + step.ms, 0) / 1000).toFixed(1),
      unit.certificate?.status ?? '-',
      unit.code ?? '',
    ]),
  );
}

/** How far a unit was proven, and what its PASS did without. */
export const proofText = ({ proofLevel, gaps }: Pick<UnitResult, 'proofLevel' | 'gaps'>): string =>
  `${proofLevel ?? '-'}${gaps.length === 0 ? '' : ` (without ${gaps.join(', ')})`}`;

/** Takes out what an earlier command left in the slots of a try-out station: it is not what is to be made now. Answers the slots. */
export async function clearBench(station: StationProcess): Promise<number[]> {
  const slots = (await station.call('bench.units', {})).map(({ slot }) => slot);
  if (slots.length === 0) return slots;
  const full = new Set(slots);
  let off = (): void => undefined;
  await new Promise<void>((done, failed) => {
    const see = ({ slot, state }: SlotView): void => {
      if (state === 'EMPTY') full.delete(slot);
      if (full.size === 0) done();
    };
    off = station.on('slot.changed', see);
    Promise.all(slots.map((slot) => station.call('bench.unplug', { slot })))
      .then(() => station.call('line.slots', {}))
      .then((views) => views.forEach(see))
      .catch(failed);
  });
  off();
  return slots;
}
