import { resolve } from 'node:path';
import { exitCodes, Failure, limits, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { printRows, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';
import { wholeNumber } from '../values.ts';

const parts = { broker: false, line: 'off' } as const;

const slotColumns: readonly Column<CallOutput<'slots.list'>[number]>[] = [
  { title: 'SLOT', of: ({ slot }) => slot },
  { title: 'POSITION', of: ({ position }) => position },
  { title: 'NOW AT', of: ({ port }) => port ?? 'not there' },
];
const portColumns: readonly Column<CallOutput<'slots.ports'>[number]>[] = [
  { title: 'PORT', of: ({ path }) => path },
  { title: 'SLOT', of: ({ slot }) => slot },
  { title: 'ADAPTER', of: ({ usb }) => usb },
  { title: 'SOCKET', of: ({ hub }) => hub },
  { title: 'WHAT', of: ({ present, product }) => (present ? product : 'not there') },
];

export const listSlots = (context: CommandContext): Promise<number> => showSlots(context, context.start(parts));
export const listPorts = (context: CommandContext): Promise<number> => showPorts(context, context.start(parts));

export async function bind(context: CommandContext): Promise<number> {
  const { slot, path } = slotPlace(context.values.word, 'N=POSITION');
  const station = context.start(parts);
  await station.call('slots.bind', { slot, position: path });
  return showSlots(context, station);
}

export async function unbind(context: CommandContext): Promise<number> {
  const slot = wholeNumber('N', context.values.word, { min: 1, max: limits.slots });
  const station = context.start(parts);
  await station.call('slots.unbind', { slot });
  return showSlots(context, station);
}

export const addPort = (context: CommandContext): Promise<number> => changePorts(context, (paths, path) => [...paths, path]);
export const removePort = (context: CommandContext): Promise<number> =>
  changePorts(context, (paths, path) => paths.filter((one) => one !== path));

async function changePorts(context: CommandContext, change: (paths: readonly string[], path: string) => string[]): Promise<number> {
  const station = context.start(parts);
  const { paths } = await station.call('slots.extraPorts', { paths: null });
  await station.call('slots.extraPorts', { paths: change(paths, resolve(context.values.word)) });
  return showPorts(context, station);
}

async function showSlots(context: CommandContext, station: StationProcess): Promise<number> {
  await printRows(context, slotColumns, await station.call('slots.list', {}));
  return exitCodes.OK;
}

async function showPorts(context: CommandContext, station: StationProcess): Promise<number> {
  await printRows(context, portColumns, await station.call('slots.ports', {}));
  return exitCodes.OK;
}

/** `N=POSITION`; a path may be given relative to the folder that the command runs in. */
export function slotPlace(text: string, field: string): { slot: number; path: string } {
  const match = /^(\d{1,2})=(.+)$/u.exec(text);
  if (match === null) throw new Failure('INVALID_INPUT', { field, problem: `"${text}" is not N=PATH` });
  const position = match[2] ?? '';
  return { slot: Number(match[1]), path: /^(?:usb|hub):|^COM\d+$/u.test(position) ? position : resolve(position) };
}
