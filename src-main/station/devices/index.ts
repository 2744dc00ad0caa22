export type * from './driver.ts';
export { openUnit } from './drivers.ts';
export { deviceProfileSchema, lintDeviceProfile, parseDeviceProfile, ShippedDeviceProfiles } from './profiles.ts';
export { DeviceProfiles, type StationDeviceProfile } from './profile-store.ts';
export { replayTranscript, type ReplayedSection } from './console/replay.ts';
export { parseTranscript, transcriptText } from './transcript-file.ts';
export { watchPlaces } from './plug-watcher.ts';
export { listedPorts, parsePosition, portAt } from './position.ts';
export { presence } from './presence.ts';
