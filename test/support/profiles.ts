import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDeviceProfile, type DeviceProfile } from '../../src-main/station/devices/index.ts';

/** A device profile that is shipped. */
export function shippedProfile(name: string): DeviceProfile {
  const file = `${name}.json`;
  return parseDeviceProfile(file, readFileSync(join('resources/profiles/devices', file), 'utf8'));
}
