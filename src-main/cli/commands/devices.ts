import { DeviceState, exitCodes, Failure, type DeviceRow } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readText } from '../files.ts';
import { printPages, tableOf, type Column } from '../rows.ts';
import { oneOf } from '../values.ts';

/** Devices with what was decided of them and what their newest certificate is. */
const columns: readonly Column<DeviceRow>[] = [
  { title: 'DEVICE', of: (row) => row.device },
  { title: 'HARDWARE', of: (row) => row.hardwareId },
  { title: 'MODEL', of: (row) => row.model },
  { title: 'STATE', of: (row) => row.state },
  { title: 'CERTIFICATE', of: (row) => row.status },
  { title: 'PROOF', of: (row) => row.proofLevel },
  {
    title: 'FIELDS',
    of: ({ fields }) =>
      Object.entries(fields)
        .map(([name, value]) => `${name}=${value}`)
        .join('; ') || null,
  },
];

/** `--field location="hall 3"`: the field and its text, which may be empty. */
function fieldsOf({ values }: CommandContext): Record<string, string> {
  return Object.fromEntries(
    values.list('field').map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new Failure('INVALID_INPUT', { field: '--field', problem: `“${text.slice(0, 40)}” must be NAME=TEXT` });
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

export async function listDevices(context: CommandContext): Promise<number> {
  const { values } = context;
  const [search, filter] = [values.text('search') ?? '', oneOf(values, 'state', DeviceState.options)];
  const station = context.start({ broker: false, line: 'off' });
  await printPages(context, columns, (page) => station.call('devices.list', { ...page, search, ...filter }));
  return exitCodes.OK;
}

export async function register(context: CommandContext): Promise<number> {
  const { values } = context;
  const [device] = values.words;
  const csv = values.text('csv');
  if ((device === undefined) === (csv === undefined))
    throw new Failure('INVALID_INPUT', { field: 'devices register', problem: 'name exactly one of TENANT/DEVICE and --csv' });
  if (csv !== undefined) return registerList(context, csv);
  if (values.flag('dry-run')) throw new Failure('INVALID_INPUT', { field: '--dry-run', problem: 'is for lists' });
  const row = await context.start({ broker: false, line: 'off' }).call('devices.register', {
    device: device ?? '',
    hardwareId: values.text('hardware') ?? null,
    model: values.text('model') ?? '',
    fields: fieldsOf(context),
    order: values.text('order') ?? null,
  });
  context.output.result({ device: row }, () => tableOf(columns, [row]));
  return exitCodes.OK;
}

async function registerList(context: CommandContext, path: string): Promise<number> {
  const { values } = context;
  const [text, dryRun, order] = [readText(path), values.flag('dry-run'), values.text('order') ?? null];
  const fields = [...values.list('own-column')];
  const station = context.start({ broker: false, line: 'off' });
  const { count, covered, sha256 } = await station.call('devices.registerMany', { csv: text, fields, order, dryRun });
  context.output.result(
    { registered: dryRun ? 0 : count, count, covered, sha256 },
    () => `${String(count)} devices ${dryRun ? 'would be' : 'were'} registered; ${String(count - covered)} of them wait for approval`,
  );
  return exitCodes.OK;
}

export async function describe(context: CommandContext): Promise<number> {
  const fields = Object.fromEntries(Object.entries(fieldsOf(context)).map(([name, text]) => [name, text === '' ? null : text]));
  const row = await context.start({ broker: false, line: 'off' }).call('devices.describe', { device: context.values.word, fields });
  context.output.result({ device: row }, () => tableOf(columns, [row]));
  return exitCodes.OK;
}

export const approve = (context: CommandContext): Promise<number> => decide(context, 'devices.approve');
export const refuse = (context: CommandContext): Promise<number> => decide(context, 'devices.refuse');

async function decide(context: CommandContext, call: 'devices.approve' | 'devices.refuse'): Promise<number> {
  const [devices, reason] = [[...context.values.words], context.values.needed('reason')];
  const rows = await context.start({ broker: false, line: 'off' }).call(call, { devices, reason });
  context.output.result({ devices: rows }, () => tableOf(columns, rows));
  return exitCodes.OK;
}
