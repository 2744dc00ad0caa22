import { expect, it } from 'vitest';
import type { SlotState, SlotView } from '../../../src-main/contract/index.ts';
import { WritingSlots } from '../../../src-main/desktop/writing-slots.ts';

const view = (slot: number, state: SlotState, device: string | null = null): SlotView => ({
  slot,
  path: '',
  state,
  unit: null,
  device,
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
});

it('names every slot that is being written, in order, and nothing else', () => {
  const slots = new WritingSlots(() => undefined);
  slots.see(view(3, 'RUNNING', 'acme/T2-000003'));
  slots.see(view(1, 'RUNNING'));
  slots.see(view(2, 'READY'));
  expect(slots.reasons()).toEqual(['Slot 1 is being written.', 'Slot 3 is being written (acme/T2-000003).']);
  slots.see(view(1, 'FAIL'));
  slots.see(view(3, 'PASS'));
  expect(slots.reasons()).toEqual([]);
});

it('tells once when the first begins and once when the last is through', () => {
  const changes: boolean[] = [];
  const slots = new WritingSlots((writing) => changes.push(writing));
  slots.see(view(1, 'RUNNING'));
  slots.see(view(1, 'RUNNING'));
  slots.see(view(2, 'RUNNING'));
  slots.see(view(1, 'PASS'));
  slots.see(view(2, 'NOT_VERIFIED'));
  expect(changes).toEqual([true, false]);
});

it('forgets the runs of a station service that is gone', () => {
  const changes: boolean[] = [];
  const slots = new WritingSlots((writing) => changes.push(writing));
  slots.see(view(1, 'RUNNING'));
  slots.forget();
  expect([slots.reasons(), changes]).toEqual([[], [true, false]]);
});
