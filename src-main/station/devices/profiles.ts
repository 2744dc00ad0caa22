import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import { EspRomProfileFile, type EspRomProfile } from './esp-rom/profile.ts';
import { MicroPythonProfileFile, type MicroPythonProfile } from './micropython/profile.ts';
import { SmpProfileFile, type SmpProfile } from './smp/profile.ts';

/**
 * A device profile as it stands in its file, by its driver; unknown keys are errors. `device-profile.schema.json` is made from this.
 * A new driver adds what its profiles say here, and itself in `drivers.ts`.
 */
const DeviceProfileFile = z.discriminatedUnion('driver', [SmpProfileFile, EspRomProfileFile, MicroPythonProfileFile]);

/** How to talk to a kind of unit: a file in `resources/profiles/devices`. Times are in milliseconds. */
export type DeviceProfile = SmpProfile | EspRomProfile | MicroPythonProfile;

/** The JSON schema that is shipped beside the profiles, for editors. */
export function deviceProfileSchema(): unknown {
  return z.toJSONSchema(DeviceProfileFile, { io: 'input' });
}

/**
 * All profiles of `{resources}/profiles/devices`, by name.
 * @throws Failure PROFILE_INVALID with file, line and what is wrong.
 */
export async function loadDeviceProfiles(resources: string): Promise<ReadonlyMap<string, DeviceProfile>> {
  const folder = join(resources, 'profiles', 'devices');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json')).sort();
  const profiles = new Map<string, DeviceProfile>();
  for (const file of files) {
    const profile = parseDeviceProfile(file, await readFile(join(folder, file), 'utf8'));
    profiles.set(profile.name, profile);
  }
  return profiles;
}

/** @throws Failure PROFILE_INVALID. */
export function parseDeviceProfile(file: string, text: string): DeviceProfile {
  const invalid = (line: number, problem: string): Failure => new Failure('PROFILE_INVALID', { file, line, problem });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (thrown) {
    const position = /position (\d+)/u.exec(String(thrown))?.[1];
    throw invalid(position === undefined ? 1 : lineAt(text, Number(position)), 'it is not JSON');
  }
  const parsed = DeviceProfileFile.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
    throw invalid(
      key === undefined ? 1 : lineAt(text, Math.max(0, text.indexOf(`"${String(key)}"`))),
      `${key === undefined ? '' : `${String(key)}: `}${issue?.message ?? ''}`,
    );
  }
  if (`${parsed.data.name}.json` !== file)
    throw invalid(lineAt(text, text.indexOf('"name"')), `name: must be the file’s name, ${file.replace(/\.json$/u, '')}`);
  const { $schema: _, ...profile } = parsed.data;
  return profile;
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;
