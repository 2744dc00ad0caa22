import { toFailureData } from '../../../src-main/contract/errors.ts';
import type { CallOutput } from '../../../src-main/contract/calls.ts';
import { call } from '../../lib/client.ts';
import { actionsOf, type SlotAction } from './slot-face.ts';
import { loadBench, marked, takeSlot, useLine } from './store.ts';

/** Does something for one slot: its buttons rest meanwhile, and a failure is shown above the grid. */
async function forSlot(slot: number, work: () => Promise<void>): Promise<void> {
  if (useLine.getState().busy.has(slot)) return;
  useLine.setState(({ busy }) => ({ busy: marked(busy, slot, true), failure: null }));
  try {
    await work();
  } catch (error) {
    useLine.setState({ failure: toFailureData(error) });
  } finally {
    useLine.setState(({ busy }) => ({ busy: marked(busy, slot, false) }));
  }
}

const slotCall = (name: 'line.retry' | 'line.reject' | 'line.cancel' | 'line.reprovision') => (slot: number) =>
  void forSlot(slot, async () => takeSlot(await call(name, { slot })));

export const stopRun = slotCall('line.cancel');
export const reprovision = slotCall('line.reprovision');
const retry = slotCall('line.retry');
const reject = slotCall('line.reject');

const prove = (slot: number): void =>
  void forSlot(slot, async () => {
    const answers: CallOutput<'verify.outstanding'> = await call('verify.outstanding', {});
    if (answers.length === 0) return;
    const slots = await call('line.slots', {});
    slots.forEach(takeSlot);
    const waits = slots.filter(({ state }) => state === 'NOT_VERIFIED');
    const at = new Date().toISOString();
    useLine.setState({ triedInVain: new Map(waits.map((one) => [one.slot, at])) });
  });

export const plug = (slot: number, fault?: string): void =>
  void forSlot(slot, async () => {
    await call('bench.plug', fault === undefined ? { slot } : { slot, fault });
    await loadBench();
  });

export const unplug = (slot: number): void =>
  void forSlot(slot, async () => {
    await call('bench.unplug', { slot });
    await loadBench();
  });

/** Everything a slot can be asked to do at once; a new identity is asked about first. Leaving a unit as it is means taking it out. */
export const act: Readonly<Record<Exclude<SlotAction, 'reprovision'>, (slot: number) => void>> = { retry, reject, prove, leave: reject };

/** The slot's number key: its first action, if it has one. */
export function actOnSlot(number: number): void {
  const slot = useLine.getState().slots?.find((one) => one.slot === number);
  if (slot === undefined) return;
  const [first] = actionsOf(slot);
  if (first !== undefined && first !== 'reprovision') act[first](number);
}
