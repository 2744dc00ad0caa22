import { z } from 'zod';
import { DeviceName } from '../ids.ts';
import { limits } from '../limits.ts';
import { OrderProgress, SlotView, WorkOrder } from '../models.ts';
import { call, done, line, nothing, officer, signedIn, slot } from './spec.ts';

export const lineCalls = {
  'line.slots': call({
    service: 'station',
    summary: 'All slots and what is in them',
    input: nothing,
    output: z.array(SlotView),
    roles: signedIn,
  }),
  'line.retry': call({ service: 'station', summary: 'Run the unit in this slot again', input: slot, output: SlotView, roles: line }),
  'line.reject': call({ service: 'station', summary: 'Take the unit out as rejected', input: slot, output: SlotView, roles: line }),
  'line.cancel': call({ service: 'station', summary: 'Stop the run in this slot', input: slot, output: SlotView, roles: line }),
  'line.reprovision': call({
    service: 'station',
    summary: 'Give a unit that has an identity a new one; the old certificate is revoked as superseded',
    input: slot,
    output: SlotView,
    roles: line,
  }),
  'line.label': call({
    service: 'station',
    summary: 'The unit in this slot, or the next one, is the device that its label names; null: it gets the next number of the order',
    input: slot.extend({ device: DeviceName.nullable() }).strict(),
    output: SlotView,
    roles: line,
  }),
  'orders.list': call({ service: 'station', summary: 'Work orders', input: nothing, output: z.array(OrderProgress), roles: signedIn }),
  'orders.current': call({
    service: 'station',
    summary: 'The work order on the line',
    input: nothing,
    output: OrderProgress.nullable(),
    roles: signedIn,
  }),
  'orders.create': call({ service: 'station', summary: 'Add a work order', input: WorkOrder, output: OrderProgress, roles: officer }),
  'orders.choose': call({
    service: 'station',
    summary: 'Put a work order on the line',
    input: z.object({ id: z.string() }).strict(),
    output: OrderProgress,
    roles: line,
  }),
  'bench.units': call({
    service: 'station',
    summary: 'The simulated units of a try-out station',
    input: nothing,
    output: z.array(z.object({ slot: z.int(), hardwareId: z.string().nullable(), fault: z.string().nullable() })),
    roles: signedIn,
  }),
  'bench.plug': call({
    service: 'station',
    summary: 'Plug a simulated unit into a slot',
    input: z
      .object({ slot: z.int().min(1).max(limits.slots), fault: z.string().max(40).optional(), hardwareId: z.string().max(64).optional() })
      .strict(),
    output: done,
    roles: line,
  }),
  'bench.unplug': call({ service: 'station', summary: 'Unplug the simulated unit of a slot', input: slot, output: done, roles: line }),
  'bench.broker': call({
    service: 'station',
    summary: 'Take the broker of a try-out station away, or bring it back',
    input: z.object({ up: z.boolean() }).strict(),
    output: done,
    roles: line,
  }),
} as const;
