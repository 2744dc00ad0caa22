import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as text. */
export const newCredential = (): string => randomBytes(32).toString('base64url');

/** What the database keeps of a credential: enough random bits that no slow hash is needed. */
export const hashOfCredential = (credential: string): string => createHash('sha256').update(credential).digest('hex');
