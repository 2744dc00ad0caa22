import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/index.ts';
import { loadCertificateProfile, parseCertificateProfile, type CertificateProfile } from '../ca/index.ts';

const folderOf = (base: string): string => join(base, 'profiles', 'certificates');

/** Every certificate profile shipped in `resources/profiles/certificates`, by name. */
export function loadCertificateProfiles(resourcesDir: string): Map<string, CertificateProfile> {
  return load(folderOf(resourcesDir));
}

function load(folder: string): Map<string, CertificateProfile> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'));
  return new Map(files.map((name) => loadCertificateProfile(join(folder, name))).map((profile) => [profile.name, profile]));
}

export interface StationProfile {
  readonly profile: CertificateProfile;
  /** The station's own, not one that is shipped. */
  readonly own: boolean;
}

/** The profiles that a station issues by: those that are shipped, and its own for devices in the data folder. */
export class DeviceCertificateProfiles {
  readonly #own: string;
  readonly #profiles: Map<string, StationProfile>;

  /** PROFILE_INVALID for an own profile that was damaged, or that took a shipped one's name. */
  constructor(resourcesDir: string, dataDir: string) {
    this.#own = folderOf(dataDir);
    this.#profiles = new Map([...loadCertificateProfiles(resourcesDir)].map(([name, profile]) => [name, { profile, own: false }]));
    if (!existsSync(this.#own)) return;
    for (const profile of load(this.#own).values()) this.#take(profile);
  }

  /** Those for devices, by name. */
  all(): StationProfile[] {
    return [...this.#profiles.values()]
      .filter(({ profile }) => profile.use === 'device')
      .sort((a, b) => a.profile.name.localeCompare(b.profile.name));
  }

  /** NOT_FOUND for a name that is no device certificate profile's. */
  get(name: string): CertificateProfile {
    const found = this.#profiles.get(name)?.profile;
    if (found?.use !== 'device') throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: name });
    return found;
  }

  /** The one of brokers' certificates. */
  get server(): CertificateProfile {
    return this.shipped('server');
  }

  /** The one of services. */
  get service(): CertificateProfile {
    return this.shipped('service');
  }

  /** One that is shipped. NOT_FOUND for any other name. */
  shipped(name: string): CertificateProfile {
    const found = this.#profiles.get(name);
    if (found === undefined || found.own) throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: name });
    return found.profile;
  }

  /** What a signing session may be asked for by name: a profile for devices, or that of brokers or services. NOT_FOUND for another. */
  signable(name: string): CertificateProfile {
    return [this.server, this.service].find((profile) => profile.name === name) ?? this.get(name);
  }

  /** Keeps one more; PROFILE_INVALID with its place when it is none, or its name is taken. What certificates say must not change under a name. */
  add(text: string): CertificateProfile {
    const profile = parseCertificateProfile(text, 'profile');
    const path = join(this.#own, `${profile.name}.json`);
    const same = existsSync(path) && readFileSync(path, 'utf8') === text;
    if (same) return profile;
    this.#take(profile);
    mkdirSync(this.#own, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.part`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.part`, path);
    return profile;
  }

  #take(profile: CertificateProfile): void {
    const refused = (problem: string): Failure => new Failure('PROFILE_INVALID', { file: `${profile.name}.json`, line: 1, problem });
    if (this.#profiles.has(profile.name)) throw refused(`there is a profile “${profile.name}” already; give it another name`);
    if (profile.use !== 'device') throw refused('use: a station’s own profiles are for devices');
    this.#profiles.set(profile.name, { profile, own: true });
  }
}
