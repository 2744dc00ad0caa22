import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { Failure, type ProfileFinding } from '../../contract/index.ts';
import { inOrder, readProfileText } from '../profile-text/index.ts';
import { lintConsoleProfile } from './console/lint.ts';
import { ConsoleProfileFile, type ConsoleProfile } from './console/profile.ts';
import { EspRomProfileFile, type EspRomProfile } from './esp-rom/profile.ts';
import { MicroPythonProfileFile, type MicroPythonProfile } from './micropython/profile.ts';
import { SmpFilesProfileFile, SmpProfileFile, type SmpFilesProfile, type SmpProfile } from './smp/profile.ts';

/**
 * A device profile as it stands in its file, by its driver; unknown keys are errors. `device-profile.schema.json` is made from this.
 * A new driver adds what its profiles say here, and itself in `drivers.ts`.
 */
const DeviceProfileFile = z.discriminatedUnion('driver', [
  SmpProfileFile,
  SmpFilesProfileFile,
  EspRomProfileFile,
  MicroPythonProfileFile,
  ConsoleProfileFile,
]);

/** How to talk to a kind of unit: a file in `resources/profiles/devices`. Times are in milliseconds. */
export type DeviceProfile = SmpProfile | SmpFilesProfile | EspRomProfile | MicroPythonProfile | ConsoleProfile;

/** The JSON schema that is shipped beside the profiles, for editors. */
export function deviceProfileSchema(): unknown {
  return z.toJSONSchema(DeviceProfileFile, { io: 'input' });
}

/** The profiles of `{resources}/profiles/devices`. Each is read when it is first asked for: a station uses few of them. */
export class ShippedDeviceProfiles {
  readonly #folder: string;
  readonly #read = new Map<string, DeviceProfile>();
  readonly names: readonly string[];

  constructor(resources: string) {
    this.#folder = join(resources, 'profiles', 'devices');
    const files = readdirSync(this.#folder).filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json'));
    this.names = files.map((file) => basename(file, '.json')).sort();
  }

  /** @throws Failure PROFILE_INVALID with file, line and what is wrong. */
  get(name: string): DeviceProfile | undefined {
    const known = this.#read.get(name);
    if (known !== undefined || !this.names.includes(name)) return known;
    const profile = parseDeviceProfile(`${name}.json`, readFileSync(join(this.#folder, `${name}.json`), 'utf8'));
    this.#read.set(name, profile);
    return profile;
  }
}

/** @throws Failure PROFILE_INVALID {file, line, problem} for the first thing that is wrong with it. */
export function parseDeviceProfile(file: string, text: string): DeviceProfile {
  const { profile, findings } = lintDeviceProfile(text, file);
  if (profile !== null) return profile;
  const first = findings.find(({ level }) => level === 'error');
  throw new Failure('PROFILE_INVALID', { file, line: first?.line ?? 1, problem: first?.problem ?? 'it cannot be used' });
}

/** All that is wrong with a device profile, with its place, and what the verdict of its units will lack. The first line first. `file`: the name it must bear. */
export function lintDeviceProfile(text: string, file?: string): { profile: DeviceProfile | null; findings: ProfileFinding[] } {
  const { value, findings, at } = readProfileText(text, DeviceProfileFile);
  if (value === null) return { profile: null, findings: inOrder(findings) };
  if (file !== undefined && `${value.name}.json` !== file)
    findings.push(at(['name'], 'error', `name: must be the file’s name, ${file.replace(/\.json$/u, '')}`));
  const { $schema: _, ...profile } = value;
  if (profile.driver === 'console')
    lintConsoleProfile(profile, (path, level, problem) => {
      findings.push(at(path, level, problem));
    });
  return { profile: findings.some(({ level }) => level === 'error') ? null : profile, findings: inOrder(findings) };
}
