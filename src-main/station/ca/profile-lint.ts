import type { ProfileFinding } from '../../contract/index.ts';
import { readTrustAnchors } from './attestation/index.ts';
import { lintJson, type Wrong } from './json-lint.ts';
import { CertificateProfile } from './profile.ts';

/** Days after which a stolen device that nobody missed is still let in, where nothing shortens it. */
const longDays = 365;

/** The PEM in a file beside the profile; null when it cannot be read. */
export type ReadAnchor = (name: string) => string | null;

/** All that is wrong with a certificate profile, with its place; and, where nothing is, what should be thought about. Best first line first. */
export function lintCertificateProfile(
  text: string,
  readAnchor: ReadAnchor = () => null,
): { profile: CertificateProfile | null; findings: ProfileFinding[] } {
  const { value, findings } = lintJson(text, CertificateProfile, advice, (profile, wrong) => withAnchors(profile, readAnchor, wrong));
  return { profile: value, findings };
}

/** The same profile with the text of its trust anchors in place of file names; tells what is none. */
function withAnchors(profile: CertificateProfile, readAnchor: ReadAnchor, wrong: Wrong): CertificateProfile {
  if (profile.attestation === undefined) return profile;
  const trustAnchors = profile.attestation.trustAnchors.map((anchor, index) => {
    const pem = anchor.includes('-----BEGIN') ? anchor : readAnchor(anchor);
    const path = `attestation.trustAnchors.${String(index)}`;
    if (pem === null) wrong(path, `attestation.trustAnchors: ${anchor} is no PEM and no file beside the profile`);
    else
      try {
        readTrustAnchors(pem);
      } catch (thrown) {
        wrong(path, `attestation.trustAnchors: ${thrown instanceof Error ? thrown.message : 'it cannot be read'}`);
      }
    return pem ?? anchor;
  });
  return { ...profile, attestation: { ...profile.attestation, trustAnchors } };
}

function advice(profile: CertificateProfile): [path: string, problem: string][] {
  const found: [string, string][] = [];
  if (profile.use === 'device' && profile.validityDays > longDays)
    found.push([
      'validityDays',
      `more than ${String(longDays)} days: a device that is stolen unnoticed is let in as long; 90 are recommended where devices are renewed`,
    ]);
  if (profile.attestation?.required === false)
    found.push(['attestation', 'required is false: a device that says nothing gets a certificate all the same']);
  if (profile.keyMadeBy === 'either')
    found.push(['keyMadeBy', 'a device that could make its own key may get one that was outside of it; prefer one profile for each']);
  if (profile.keyAlgorithms.includes('rsa-2048'))
    found.push([
      'keyAlgorithms',
      'rsa-2048 is good for certificates that end before 2030; prefer ec-p256 or rsa-3072 where the device can',
    ]);
  return found;
}
