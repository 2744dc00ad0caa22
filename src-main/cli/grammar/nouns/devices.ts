import { DeviceState, usualFields } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';
import { search } from '../options.ts';

const several = { word: 'TENANT/DEVICE', many: true, required: true, help: 'the devices' } as const;
const field = { value: 'NAME=TEXT', many: true, help: `${usualFields.join(', ')}, or a field of your own` } as const;
const reason = { value: 'TEXT', short: 'r', required: true, help: 'why, for the audit log' } as const;

export const devices: Noun = {
  name: 'devices',
  summary: 'registered devices: look, register ahead of time, approve',
  commands: [
    {
      name: 'devices list',
      summary: 'registered devices',
      options: { ...search, state: { value: 'STATE', choices: DeviceState.options, help: 'only those in this state' } },
      rows: true,
      examples: [{ line: 'devices list --state pending', about: 'those that wait for approval' }],
      output: '{total, rows: [{device, hardwareId, model, state, status, proofLevel, …}]}',
      load: async () => (await import('../../commands/devices.ts')).listDevices,
    },
    {
      name: 'devices register',
      summary: 'register devices ahead of time; they wait until a work order covers them or an officer approves them',
      argument: { word: 'TENANT/DEVICE', help: 'one device' },
      options: {
        hardware: { value: 'ID', help: 'its hardware id, where it is known' },
        model: { value: 'TEXT', help: 'its model' },
        field,
        csv: {
          value: 'FILE',
          file: 'read',
          help: `those in a list with the column device, and if you like ${['hardware', 'model', ...usualFields].join(', ')}`,
        },
        'own-column': { value: 'NAME', many: true, help: 'a column of the list that is a field of your own' },
        order: { value: 'ID', help: 'the work order that covers them: then they need no approval' },
        'dry-run': { help: 'only check the list' },
      },
      examples: [
        { line: 'devices register acme/GW-0001 --hardware HW-77A1 --model G2', about: 'one' },
        { line: 'devices register acme/GW-0002 --field "location=hall 3" --field batch=7', about: 'with fields' },
        { line: 'devices register --csv new.csv --own-column batch --dry-run', about: 'check a list that has a column “batch”' },
      ],
      output: '{registered, count, covered, sha256} of a list, {device} of one',
      load: async () => (await import('../../commands/devices.ts')).register,
    },
    {
      name: 'devices describe',
      summary: 'change what is known of a device: its name, type, location, firmware, and fields of your own',
      argument: { word: 'TENANT/DEVICE', required: true, help: 'the device' },
      options: { field: { ...field, required: true } },
      examples: [{ line: 'devices describe acme/GW-0001 --field firmware=2.1.0 --field location=', about: 'one anew, one taken away' }],
      output: '{device}',
      load: async () => (await import('../../commands/devices.ts')).describe,
    },
    {
      name: 'devices approve',
      summary: 'let devices that wait, or were refused, have certificates',
      argument: several,
      options: { reason },
      examples: [{ line: 'devices approve acme/GW-0001 --reason "delivery note 4711"', about: 'all that are named, or none' }],
      output: '{devices: […]}',
      load: async () => (await import('../../commands/devices.ts')).approve,
    },
    {
      name: 'devices refuse',
      summary: 'refuse devices that wait: they get no certificate',
      argument: several,
      options: { reason },
      examples: [{ line: 'devices refuse acme/GW-0003 --reason "not ours"', about: 'approving takes it back' }],
      output: '{devices: […]}',
      load: async () => (await import('../../commands/devices.ts')).refuse,
    },
  ],
};
