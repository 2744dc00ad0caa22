import { smpDriver } from './smp-driver.ts';
import type { Driver, DeviceProfile, OpenOptions, UnitSession } from './driver.ts';

export type * from './driver.ts';
export { deviceProfileSchema, loadDeviceProfiles, parseDeviceProfile } from './profiles.ts';
export { watchPlaces } from './plug-watcher.ts';

const drivers: Readonly<Record<DeviceProfile['driver'], Driver>> = { smp: smpDriver };

/**
 * Opens the line to a unit with the driver that its profile names, and finds out whether it speaks the protocol.
 * @throws Failure PORT_BUSY, PORT_DENIED, PORT_GONE, NO_RESPONSE, WRONG_PROTOCOL, WRONG_BAUD_SUSPECTED, LINK_CORRUPT, CANCELLED.
 */
export function openUnit(options: OpenOptions): Promise<UnitSession> {
  return drivers[options.profile.driver].open(options);
}
