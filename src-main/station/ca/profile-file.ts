import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Failure, unwrap } from '../../contract/index.ts';
import { lintCertificateProfile, type ReadAnchor } from './profile-lint.ts';
import type { CertificateProfile } from './profile.ts';

/** Reads a certificate profile. NOT_FOUND, or PROFILE_INVALID. */
export function loadCertificateProfile(path: string): CertificateProfile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: path });
  }
  return parseCertificateProfile(text, basename(path), besideFile(path));
}

/** Reads the trust anchors that a profile names by file, from beside it; null for one that cannot be read. */
export const besideFile =
  (path: string): ReadAnchor =>
  (name) => {
    try {
      return readFileSync(resolve(dirname(path), name), 'utf8');
    } catch {
      return null;
    }
  };

/** PROFILE_INVALID {file, line, problem} for the first thing wrong with it. */
export function parseCertificateProfile(text: string, file: string, readAnchor?: ReadAnchor): CertificateProfile {
  const { profile, findings } = lintCertificateProfile(text, readAnchor);
  if (profile !== null) return profile;
  const first = unwrap(
    findings.find(({ level }) => level === 'error'),
    'what is no profile has an error',
  );
  throw new Failure('PROFILE_INVALID', { file, line: first.line, problem: first.problem });
}
