import { create } from 'zustand';
import type { CallOutput } from '../../../src-main/contract/calls.ts';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import type { OrderProgress, SlotView } from '../../../src-main/contract/models.ts';
import { call, on } from '../../lib/client.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export type BenchUnit = CallOutput<'bench.units'>[number];

/** What became of a scanned label. */
export type ScanResult =
  | { readonly kind: 'bound'; readonly text: string; readonly slot: number }
  | { readonly kind: 'no-slot' | 'no-order' | 'unread'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string; readonly failure: FailureData };

interface LineState {
  readonly slots: readonly SlotView[] | null;
  /** Null: there is none. */
  readonly order: OrderProgress | null | 'unread';
  readonly bench: readonly BenchUnit[];
  /** Calls under way, by slot: their buttons rest. */
  readonly busy: ReadonlySet<number>;
  readonly failure: FailureData | null;
  /** When a unit was last tried and stayed NOT VERIFIED, by slot. */
  readonly triedInVain: ReadonlyMap<number, string>;
  /** The last thing that needs a person. */
  readonly verdict: Verdict | null;
  /** What was scanned last, while it is shown. */
  readonly scan: ScanResult | null;
}

export const useLine = create<LineState>(() => ({
  slots: null,
  order: 'unread',
  bench: [],
  busy: new Set(),
  failure: null,
  triedInVain: new Map(),
  verdict: null,
  scan: null,
}));

/** The slots with one of them replaced or added, in the order of their numbers. */
export function withSlot(slots: readonly SlotView[], changed: SlotView): readonly SlotView[] {
  const others = slots.filter((slot) => slot.slot !== changed.slot);
  return [...others, changed].sort((a, b) => a.slot - b.slot);
}

/** A set with one member put in or taken out. */
export function marked(set: ReadonlySet<number>, member: number, isIn: boolean): ReadonlySet<number> {
  const next = new Set(set);
  if (isIn) next.add(member);
  else next.delete(member);
  return next;
}

export function takeSlot(changed: SlotView): void {
  const { slots } = useLine.getState();
  const before = slots?.find((slot) => slot.slot === changed.slot);
  const verdict = verdictOf(before, changed);
  useLine.setState({
    slots: withSlot(slots ?? [], changed),
    ...(verdict === null ? {} : { verdict }),
  });
}

export async function loadBench(): Promise<void> {
  try {
    useLine.setState({ bench: await call('bench.units', {}) });
  } catch (error) {
    useLine.setState({ failure: toFailureData(error) });
  }
}

async function load(withBench: boolean): Promise<void> {
  try {
    const [slots, order] = await Promise.all([call('line.slots', {}), call('orders.current', {})]);
    useLine.setState({ slots: [...slots].sort((a, b) => a.slot - b.slot), order, failure: null });
    if (withBench) await loadBench();
  } catch (error) {
    useLine.setState({ failure: toFailureData(error) });
  }
}

/** Begins to follow the line; the returned function ends it. */
export function followLine(withBench: boolean): () => void {
  const ends = [
    on('slot.changed', (slot) => {
      takeSlot(slot);
      // A unit came or went: only then can the bench have changed.
      if (withBench && (slot.state === 'READY' || slot.state === 'EMPTY')) void loadBench();
    }),
    on('order.changed', (order) => useLine.setState({ order })),
    on('service.changed', ({ service, state }) => {
      if (service === 'station' && state === 'up') void load(withBench);
    }),
  ];
  void load(withBench);
  return () => ends.forEach((end) => end());
}
