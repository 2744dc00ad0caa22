import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Failure } from '../../contract/index.ts';
import { CertificateProfile } from './profile.ts';

/** Reads a certificate profile. Throws PROFILE_INVALID {file, line, problem} for the first thing wrong with it. */
export function loadCertificateProfile(path: string): CertificateProfile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: path });
  }
  return parseCertificateProfile(text, basename(path));
}

export function parseCertificateProfile(text: string, file: string): CertificateProfile {
  const parsed = CertificateProfile.safeParse(parseJson(text, file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])];
  const problem = `${path.length > 0 ? `${path.join('.')}: ` : ''}${issue?.message ?? 'not a certificate profile'}`;
  throw new Failure('PROFILE_INVALID', { file, line: lineOfPath(text, path), problem });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/u.exec(message)?.[1];
    const line = position === undefined ? text.trimEnd().split('\n').length : lineAt(text, Number(position));
    throw new Failure('PROFILE_INVALID', { file, line, problem: `this is not JSON: ${message}` });
  }
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;

/** The line where the last key of a path stands; profiles are flat enough that the keys come in this order. */
function lineOfPath(text: string, path: readonly PropertyKey[]): number {
  let position = 0;
  for (const key of path) {
    if (typeof key !== 'string') continue;
    const found = text.indexOf(JSON.stringify(key), position);
    if (found < 0) break;
    position = found;
  }
  return lineAt(text, position);
}
