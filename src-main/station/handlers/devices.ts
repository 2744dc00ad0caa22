import { createHash } from 'node:crypto';
import { unwrap, type DeviceRow } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { decideDevices, readDeviceList, registerDevices } from '../registration/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Station } from '../station.ts';

export function devicesHandlers(station: Station): HandlersOf<'devices'> {
  const registry = (): Registry => station.live().registry;
  const actor = (): string => station.operator?.name ?? 'nobody';
  const decide = (verdict: 'APPROVED' | 'REFUSED', { devices, reason }: { devices: readonly string[]; reason: string }): DeviceRow[] => {
    const rows = decideDevices(registry(), devices, { verdict, reason, actor: actor() });
    station.live().line.poke();
    return rows;
  };

  return {
    'devices.list': (page) => registry().devices.list(page),
    'devices.register': ({ order, ...device }) => {
      registerDevices(registry(), [{ ...device, line: null }], { order, actor: actor(), dryRun: false });
      return unwrap(registry().devices.get(device.device), 'it was just registered');
    },
    'devices.registerMany': ({ csv, order, dryRun }) => ({
      ...registerDevices(registry(), readDeviceList(csv), { order, actor: actor(), dryRun }),
      sha256: createHash('sha256').update(csv).digest('hex'),
    }),
    'devices.approve': (asked) => decide('APPROVED', asked),
    'devices.refuse': (asked) => decide('REFUSED', asked),
  };
}
