export type * from './driver.ts';
export { openUnit } from './drivers.ts';
export { deviceProfileSchema, loadDeviceProfiles, parseDeviceProfile } from './profiles.ts';
export { watchPlaces } from './plug-watcher.ts';
