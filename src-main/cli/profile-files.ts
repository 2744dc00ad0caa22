import { basename } from 'node:path';
import { parseDeviceProfile, type DeviceProfile } from '../station/devices/index.ts';
import { readText } from './files.ts';

/** PROFILE_INVALID with its place when it cannot be used. */
export const readDeviceProfile = (path: string): DeviceProfile => parseDeviceProfile(basename(path), readText(path));
