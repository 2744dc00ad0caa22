import { DeviceState } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';
import { search } from '../options.ts';

const several = { word: 'TENANT/DEVICE', many: true, required: true, help: 'the devices' } as const;
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
        csv: { value: 'FILE', file: 'read', help: 'those in a list with the column device, and hardware and model if you like' },
        order: { value: 'ID', help: 'the work order that covers them: then they need no approval' },
        'dry-run': { help: 'only check the list' },
      },
      examples: [
        { line: 'devices register acme/GW-0001 --hardware HW-77A1 --model G2', about: 'one' },
        { line: 'devices register --csv new.csv --dry-run', about: 'check a list' },
      ],
      output: '{registered, count, covered, sha256} of a list, {device} of one',
      load: async () => (await import('../../commands/devices.ts')).register,
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
