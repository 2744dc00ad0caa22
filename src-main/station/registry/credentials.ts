import { createHash, randomBytes } from 'node:crypto';
import { holdSecretBriefly } from '../../log/index.ts';

/** 256 random bits as text. It is in no line of the log while it is handed out. */
export function newCredential(): string {
  const credential = randomBytes(32).toString('base64url');
  holdSecretBriefly(credential);
  return credential;
}

/** What the database keeps of a credential: enough random bits that no slow hash is needed. */
export const hashOfCredential = (credential: string): string => createHash('sha256').update(credential).digest('hex');
