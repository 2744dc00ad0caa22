import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap } from '../../contract/index.ts';
import { lintDeviceProfile, loadDeviceProfiles, parseDeviceProfile, type DeviceProfile } from './profiles.ts';

export interface StationDeviceProfile {
  readonly profile: DeviceProfile;
  /** The station's own, not one that is shipped. */
  readonly own: boolean;
}

/** The device profiles of a station: those that are shipped, and its own in the data folder. */
export class DeviceProfiles {
  readonly #own: string;
  readonly #profiles: Map<string, StationDeviceProfile>;

  private constructor(own: string, profiles: Map<string, StationDeviceProfile>) {
    this.#own = own;
    this.#profiles = profiles;
  }

  /** PROFILE_INVALID for an own profile that was damaged, or that took a shipped one's name. */
  static async open(resourcesDir: string, dataDir: string): Promise<DeviceProfiles> {
    const shipped = [...(await loadDeviceProfiles(resourcesDir))].map(([name, profile]) => [name, { profile, own: false }] as const);
    const own = join(dataDir, 'profiles', 'devices');
    const store = new DeviceProfiles(own, new Map(shipped));
    const files = existsSync(own) ? readdirSync(own).filter((file) => file.endsWith('.json')) : [];
    for (const file of files) store.#take(parseDeviceProfile(file, readFileSync(join(own, file), 'utf8')));
    return store;
  }

  all(): StationDeviceProfile[] {
    return [...this.#profiles.values()].sort((a, b) => a.profile.name.localeCompare(b.profile.name));
  }

  get(name: string): DeviceProfile | undefined {
    return this.#profiles.get(name)?.profile;
  }

  /** Keeps a profile, or a better one under the same name; PROFILE_INVALID with its place when it is none, or has a shipped one's name. */
  add(text: string): StationDeviceProfile {
    const { profile, findings } = lintDeviceProfile(text);
    if (profile === null) {
      const first = unwrap(
        findings.find(({ level }) => level === 'error'),
        'what is no profile has an error',
      );
      throw new Failure('PROFILE_INVALID', { file: 'profile', line: first.line, problem: first.problem });
    }
    const kept = this.#take(profile);
    const path = join(this.#own, `${profile.name}.json`);
    mkdirSync(this.#own, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.part`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.part`, path);
    return kept;
  }

  #take(profile: DeviceProfile): StationDeviceProfile {
    if (this.#profiles.get(profile.name)?.own === false)
      throw new Failure('PROFILE_INVALID', {
        file: `${profile.name}.json`,
        line: 1,
        problem: `there is a shipped profile “${profile.name}” already; give it another name`,
      });
    const kept = { profile, own: true };
    this.#profiles.set(profile.name, kept);
    return kept;
  }
}
