import { toFailureData } from '../../../src-main/contract/errors.ts';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { call } from '../../lib/client.ts';
import { type ScanResult, takeSlot, useLine } from './store.ts';

/** The slot whose next unit a label is for: the one that has it already, else the first that waits for a unit and has no label. */
export function slotForLabel(slots: readonly SlotView[], device: string): number | null {
  const has = slots.find((slot) => slot.label === device);
  const free = slots.find((slot) => slot.label === null && (slot.state === 'EMPTY' || slot.state === 'READY'));
  return (has ?? free)?.slot ?? null;
}

async function bind(text: string): Promise<ScanResult> {
  const { order, slots } = useLine.getState();
  if (order === 'unread' || slots === null) return { kind: 'unread', text };
  if (order === null) return { kind: 'no-order', text };
  const device = text.includes('/') ? text : `${order.order.tenant}/${text}`;
  const slot = slotForLabel(slots, device);
  if (slot === null) return { kind: 'no-slot', text };
  try {
    takeSlot(await call('line.label', { slot, device }));
    return { kind: 'bound', text, slot };
  } catch (error) {
    return { kind: 'refused', text, failure: toFailureData(error) };
  }
}

let last: Promise<void> = Promise.resolve();

/** A label was scanned. One after the other: the next slot is free when the one before has its label. */
export function takeScan(text: string): void {
  last = last.then(async () => {
    useLine.setState({ scan: await bind(text) });
  });
}
