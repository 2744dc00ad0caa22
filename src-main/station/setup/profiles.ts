import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCertificateProfile, type CertificateProfile } from '../ca/index.ts';

/** Every certificate profile shipped in `resources/profiles/certificates`, by name. */
export function loadCertificateProfiles(resourcesDir: string): Map<string, CertificateProfile> {
  const folder = join(resourcesDir, 'profiles', 'certificates');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'));
  return new Map(files.map((name) => loadCertificateProfile(join(folder, name))).map((profile) => [profile.name, profile]));
}
