import { z } from 'zod';
import { DeviceName, HardwareId, Sha256Hex } from '../ids.ts';
import { limits } from '../limits.ts';
import { DeviceFields, DeviceRow, DeviceState, FieldName } from '../models.ts';
import { call, line, officer, page, pageOf, signedIn } from './spec.ts';

const registered = z.object({
  count: z.int(),
  /** How many of them a work order covers; the others wait for approval. */
  covered: z.int(),
});
const order = z.string().min(1).max(40).nullable().default(null);
const decision = z.object({ devices: z.array(DeviceName).min(1).max(limits.pageRows), reason: z.string().min(1).max(200) }).strict();

export const devicesCalls = {
  'devices.list': call({
    service: 'station',
    summary: 'Registered devices',
    input: z.object({ ...page, state: DeviceState.optional() }).strict(),
    output: pageOf(DeviceRow),
    roles: signedIn,
  }),
  'devices.register': call({
    service: 'station',
    summary: 'Register a device ahead of time; it is PENDING until a work order covers it or an officer approves it',
    input: z
      .object({
        device: DeviceName,
        hardwareId: HardwareId.nullable().default(null),
        model: z.string().max(64).default(''),
        fields: DeviceFields.default({}),
        order,
      })
      .strict(),
    output: DeviceRow,
    roles: line,
  }),
  'devices.registerMany': call({
    service: 'station',
    summary: 'Register the devices of a list, all or none; `fields` are its columns of the tenant’s own; `dryRun` only checks it',
    input: z
      .object({
        csv: z.string().max(limits.listChars),
        fields: z.array(FieldName).max(limits.deviceFields).default([]),
        order,
        dryRun: z.boolean(),
      })
      .strict(),
    output: registered.extend({ sha256: Sha256Hex }),
    roles: line,
  }),
  'devices.describe': call({
    service: 'station',
    summary: 'Change what is known of a device beside its ids; a field without a value is taken away',
    input: z.object({ device: DeviceName, fields: z.record(FieldName, DeviceFields.valueType.nullable()) }).strict(),
    output: DeviceRow,
    roles: line,
  }),
  'devices.approve': call({
    service: 'station',
    summary: 'Let devices that wait, or were refused, have certificates',
    input: decision,
    output: z.array(DeviceRow),
    roles: officer,
  }),
  'devices.refuse': call({
    service: 'station',
    summary: 'Refuse devices that wait: they get no certificate',
    input: decision,
    output: z.array(DeviceRow),
    roles: officer,
  }),
} as const;
