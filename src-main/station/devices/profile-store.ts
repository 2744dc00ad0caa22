import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap } from '../../contract/index.ts';
import { lintDeviceProfile, parseDeviceProfile, ShippedDeviceProfiles, type DeviceProfile } from './profiles.ts';

export interface StationDeviceProfile {
  readonly profile: DeviceProfile;
  /** The station's own, not one that is shipped. */
  readonly own: boolean;
}

/** The device profiles of a station: those that are shipped, and its own in the data folder. */
export class DeviceProfiles {
  readonly #folder: string;
  readonly #shipped: ShippedDeviceProfiles;
  readonly #own = new Map<string, DeviceProfile>();

  /** PROFILE_INVALID for an own profile that was damaged, or that took a shipped one's name. */
  constructor(resourcesDir: string, dataDir: string) {
    this.#shipped = new ShippedDeviceProfiles(resourcesDir);
    this.#folder = join(dataDir, 'profiles', 'devices');
    const files = existsSync(this.#folder) ? readdirSync(this.#folder).filter((file) => file.endsWith('.json')) : [];
    for (const file of files) this.#take(parseDeviceProfile(file, readFileSync(join(this.#folder, file), 'utf8')));
  }

  /** PROFILE_INVALID for a shipped one that was damaged. */
  all(): StationDeviceProfile[] {
    const shipped = this.#shipped.names.map((name) => ({ profile: unwrap(this.get(name), 'a shipped profile is there'), own: false }));
    const own = [...this.#own.values()].map((profile) => ({ profile, own: true }));
    return [...shipped, ...own].sort((a, b) => a.profile.name.localeCompare(b.profile.name));
  }

  /** PROFILE_INVALID for a shipped one that was damaged. */
  get(name: string): DeviceProfile | undefined {
    return this.#own.get(name) ?? this.#shipped.get(name);
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
    const path = join(this.#folder, `${profile.name}.json`);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.part`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.part`, path);
    return kept;
  }

  #take(profile: DeviceProfile): StationDeviceProfile {
    if (this.#shipped.names.includes(profile.name))
      throw new Failure('PROFILE_INVALID', {
        file: `${profile.name}.json`,
        line: 1,
        problem: `there is a shipped profile “${profile.name}” already; give it another name`,
      });
    this.#own.set(profile.name, profile);
    return { profile, own: true };
  }
}
