import { z } from 'zod';
import { SlotPosition } from '../ids.ts';
import { limits } from '../limits.ts';
import { call, nothing, officer, signedIn, slot } from './spec.ts';

const fixture = z.array(
  z.object({
    slot: z.int().min(1).max(limits.slots),
    position: z.string(),
    /** Where that is now; null: nothing is there, or more than one port. */
    port: z.string().nullable(),
  }),
);

export const slotsCalls = {
  'slots.list': call({
    service: 'station',
    summary: 'The fixture map: which slot is where',
    input: nothing,
    output: fixture,
    roles: signedIn,
  }),
  'slots.ports': call({
    service: 'station',
    summary: 'Serial ports of this computer, with what a slot can be bound to, and further ports that were named',
    input: nothing,
    output: z.array(
      z.object({
        path: z.string(),
        /** Its adapter, wherever that is plugged in; null where it has no serial number. */
        usb: z.string().nullable(),
        /** The socket that it is plugged into. */
        hub: z.string().nullable(),
        product: z.string(),
        present: z.boolean(),
        /** The slot that is bound to it. */
        slot: z.int().nullable(),
      }),
    ),
    roles: signedIn,
  }),
  'slots.bind': call({
    service: 'station',
    summary: 'Bind a slot to a position, at once; a position belongs to one slot',
    input: slot.extend({ position: SlotPosition }).strict(),
    output: fixture,
    roles: officer,
  }),
  'slots.unbind': call({ service: 'station', summary: 'Take a slot out of the fixture', input: slot, output: fixture, roles: officer }),
  'slots.extraPorts': call({
    service: 'station',
    summary: 'Ports to show beside those that the system lists, e.g. /dev/ttyRS485-0; null changes nothing',
    input: z
      .object({
        paths: z
          .array(
            z
              .string()
              .max(256)
              .regex(/^\/[^\p{C}]+$/u, 'must be a path'),
          )
          .max(limits.slots)
          .nullable(),
      })
      .strict(),
    output: z.object({ paths: z.array(z.string()) }),
    roles: officer,
  }),
} as const;
