import { exitCodes, Failure } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { readText } from '../files.ts';
import { deviceTable } from './look.ts';

export const register: Command = {
  name: 'register',
  summary: 'register devices ahead of time; they wait until a work order covers them or an officer approves them',
  options: {
    device: { argument: 'TENANT/DEVICE', help: 'one device' },
    hardware: { argument: 'ID', help: 'its hardware id, where it is known' },
    model: { argument: 'TEXT', help: 'its model' },
    csv: { argument: 'FILE', help: 'those in a list with the column device, and hardware and model if you like' },
    order: { argument: 'ID', help: 'the work order that covers them: then they need no approval' },
    'dry-run': { help: 'only check the list' },
  },
  async run(context) {
    const [device, csv] = [context.text('device'), context.text('csv')];
    if ((device === undefined) === (csv === undefined))
      throw new Failure('INVALID_INPUT', { field: 'register', problem: 'name exactly one of --device and --csv' });
    const order = context.text('order') ?? null;
    const station = context.start({ broker: false, line: 'off' });
    if (csv !== undefined) {
      const text = readText(csv);
      const dryRun = context.flag('dry-run');
      const { count, covered, sha256 } = await station.call('devices.registerMany', { csv: text, order, dryRun });
      context.output.result(
        { registered: dryRun ? 0 : count, count, covered, sha256 },
        () => `${String(count)} devices ${dryRun ? 'would be' : 'were'} registered; ${String(count - covered)} of them wait for approval`,
      );
      return exitCodes.OK;
    }
    if (context.flag('dry-run')) throw new Failure('INVALID_INPUT', { field: '--dry-run', problem: 'is for lists' });
    const row = await station.call('devices.register', {
      device: device ?? '',
      hardwareId: context.text('hardware') ?? null,
      model: context.text('model') ?? '',
      order,
    });
    context.output.result({ device: row }, () => deviceTable([row]));
    return exitCodes.OK;
  },
};

const decision = (name: 'approve' | 'refuse', summary: string): Command => ({
  name,
  summary,
  options: {
    device: { argument: 'TENANT/DEVICE', multiple: true, help: 'the device' },
    reason: { argument: 'TEXT', help: 'why, for the audit log' },
  },
  async run(context) {
    const devices = context.list('device');
    const reason = context.text('reason') ?? '';
    if (devices.length === 0) throw new Failure('INVALID_INPUT', { field: '--device', problem: 'is needed' });
    if (reason === '') throw new Failure('INVALID_INPUT', { field: '--reason', problem: 'is needed' });
    const station = context.start({ broker: false, line: 'off' });
    const rows = await station.call(`devices.${name}`, { devices, reason });
    context.output.result({ devices: rows }, () => deviceTable(rows));
    return exitCodes.OK;
  },
});

export const approve = decision('approve', 'let devices that wait, or were refused, have certificates');
export const refuse = decision('refuse', 'refuse devices that wait for approval: they get no certificate');
