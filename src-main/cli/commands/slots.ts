import { resolve } from 'node:path';
import { exitCodes, Failure } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

export const slots: Command = {
  name: 'slots',
  summary: 'the fixture map: which slot is at which port, adapter or socket',
  actions: {
    list: { argument: '', help: 'the slots, and where each is now' },
    ports: { argument: '', help: 'serial ports of this computer, and what a slot can be bound to' },
    bind: { argument: 'N=POSITION', help: 'slot N is at a path, at usb:VID:PID:SERIAL (an adapter), or at hub:1-2.3 (a socket)' },
    unbind: { argument: 'N', help: 'take slot N out' },
    'add-port': { argument: 'PATH', help: 'show a port that the system does not list, e.g. /dev/ttyRS485-0' },
    'remove-port': { argument: 'PATH', help: 'show it no more' },
  },
  options: {},
  async run(context) {
    const [action, given = ''] = context.action;
    const station = context.start({ broker: false, line: 'off' });
    if (action === 'bind') {
      const { slot, path } = slotPlace(given, 'N=POSITION');
      await station.call('slots.bind', { slot, position: path });
    }
    if (action === 'unbind') await station.call('slots.unbind', { slot: slotNumber(given) });
    if (action === 'add-port') await changeExtra(station, (paths) => [...paths, resolve(given)]);
    if (action === 'remove-port') await changeExtra(station, (paths) => paths.filter((path) => path !== resolve(given)));
    return ['list', 'bind', 'unbind'].includes(action) ? showSlots(context, station) : showPorts(context, station);
  },
};

async function showSlots(context: CommandContext, station: StationProcess): Promise<number> {
  const found = await station.call('slots.list', {});
  context.output.result({ slots: found }, () =>
    table(
      ['SLOT', 'POSITION', 'NOW AT'],
      found.map(({ slot, position, port }) => [String(slot), position, port ?? 'not there']),
    ),
  );
  return exitCodes.OK;
}

async function showPorts(context: CommandContext, station: StationProcess): Promise<number> {
  const found = await station.call('slots.ports', {});
  context.output.result({ ports: found }, () =>
    table(
      ['PORT', 'SLOT', 'ADAPTER', 'SOCKET', 'WHAT'],
      found.map(({ path, slot, usb, hub, product, present }) => [
        path,
        slot === null ? '-' : String(slot),
        usb ?? '-',
        hub ?? '-',
        present ? product : 'not there',
      ]),
    ),
  );
  return exitCodes.OK;
}

async function changeExtra(station: StationProcess, change: (paths: readonly string[]) => string[]): Promise<void> {
  const { paths } = await station.call('slots.extraPorts', { paths: null });
  await station.call('slots.extraPorts', { paths: change(paths) });
}

function slotNumber(text: string): number {
  if (!/^\d{1,2}$/u.test(text)) throw new Failure('INVALID_INPUT', { field: 'N', problem: `"${text}" is no slot` });
  return Number(text);
}

/** `N=POSITION`; a path may be given relative to the folder that the command runs in. */
export function slotPlace(text: string, field: string): { slot: number; path: string } {
  const match = /^(\d{1,2})=(.+)$/u.exec(text);
  if (match === null) throw new Failure('INVALID_INPUT', { field, problem: `"${text}" is not N=PATH` });
  const position = match[2] ?? '';
  return { slot: Number(match[1]), path: /^(?:usb|hub):|^COM\d+$/u.test(position) ? position : resolve(position) };
}
