import type { ProfileFinding } from '../../contract/index.ts';
import { lintJson } from './json-lint.ts';
import { CertificateProfile } from './profile.ts';

/** Days after which a stolen device that nobody missed is still let in, where nothing shortens it. */
const longDays = 365;

/** All that is wrong with a certificate profile, with its place; and, where nothing is, what should be thought about. Best first line first. */
export function lintCertificateProfile(text: string): { profile: CertificateProfile | null; findings: ProfileFinding[] } {
  const { value, findings } = lintJson(text, CertificateProfile, advice);
  return { profile: value, findings };
}

function advice(profile: CertificateProfile): [path: string, problem: string][] {
  const found: [string, string][] = [];
  if (profile.use === 'device' && profile.validityDays > longDays)
    found.push([
      'validityDays',
      `more than ${String(longDays)} days: a device that is stolen unnoticed is let in as long; 90 are recommended where devices are renewed`,
    ]);
  if (profile.keyMadeBy === 'either')
    found.push(['keyMadeBy', 'a device that could make its own key may get one that was outside of it; prefer one profile for each']);
  if (profile.keyAlgorithms.includes('rsa-2048'))
    found.push([
      'keyAlgorithms',
      'rsa-2048 is good for certificates that end before 2030; prefer ec-p256 or rsa-3072 where the device can',
    ]);
  return found;
}
