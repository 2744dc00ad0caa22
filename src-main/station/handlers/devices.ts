import { createHash } from 'node:crypto';
import { unwrap, type DeviceRow } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { decideDevices, readDeviceList, registerDevices } from '../registration/index.ts';
import type { Registry } from '../registry/index.ts';
import type { HandlerContext } from './context.ts';

export function devicesHandlers(station: HandlerContext): HandlersOf<'devices'> {
  const registry = (): Registry => station.live().registry;
  const decide = (
    verdict: 'APPROVED' | 'REFUSED',
    { devices, reason }: { devices: readonly string[]; reason: string },
    actor: string,
  ): DeviceRow[] => {
    const rows = decideDevices(registry(), devices, { verdict, reason, actor });
    station.live().line.poke();
    return rows;
  };

  return {
    'devices.list': (page) => registry().devices.list(page),
    'devices.register': ({ order, ...device }, caller) => {
      registerDevices(registry(), [{ ...device, line: null }], { order, actor: caller.name, dryRun: false });
      return unwrap(registry().devices.get(device.device), 'it was just registered');
    },
    'devices.registerMany': ({ csv, fields, order, dryRun }, caller) => ({
      ...registerDevices(registry(), readDeviceList(csv, fields), { order, actor: caller.name, dryRun }),
      sha256: createHash('sha256').update(csv).digest('hex'),
    }),
    'devices.describe': ({ device, fields }, { name }) => registry().devices.describe(device, fields, name),
    'devices.approve': (asked, { name }) => decide('APPROVED', asked, name),
    'devices.refuse': (asked, { name }) => decide('REFUSED', asked, name),
  };
}
