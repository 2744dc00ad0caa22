import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Failure } from '../contract/index.ts';
import { parseDeviceProfile, type DeviceProfile } from '../station/devices/index.ts';

/** INVALID_INPUT when it cannot be read. */
export function readFile(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new Failure('INVALID_INPUT', { field, problem: `${path} cannot be read` }, thrown);
  }
}

/** PROFILE_INVALID with its place when it cannot be used. */
export const readDeviceProfile = (path: string): DeviceProfile => parseDeviceProfile(basename(path), readFile('FILE', path));
