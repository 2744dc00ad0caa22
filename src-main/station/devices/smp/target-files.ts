import { pemBytes } from '../../../der/index.ts';
import { dersOf, X509FileError } from '../../x509-files/index.ts';
import { certificateFile, chainOf, oneInDer } from '../certificate-file.ts';
import type { Credentials } from '../driver.ts';
import type { SmpFilesProfile } from './profile.ts';

export interface TargetItem {
  readonly item: 'key' | 'certificate' | 'trust anchors' | 'broker settings';
  readonly path: string;
}

export interface TargetFile extends TargetItem {
  readonly bytes: Buffer;
}

/** What a profile has the station write, in this order: the certificate last, so that a unit that has one has all. */
export function targetItems({ key, files }: Pick<SmpFilesProfile, 'key' | 'files'>): TargetItem[] {
  const items: TargetItem[] = [];
  if (key === 'station' && files.key !== undefined) items.push({ item: 'key', path: files.key });
  items.push({ item: 'trust anchors', path: files.trustAnchors });
  if (files.broker !== undefined) items.push({ item: 'broker settings', path: files.broker });
  items.push({ item: 'certificate', path: files.certificate });
  return items;
}

/** The same with their content; whoever asked for it zeroes it. @throws Failure PROFILE_INVALID for more than one certificate in a file of DER. */
export function targetFiles(profile: SmpFilesProfile, credentials: Credentials): TargetFile[] {
  // Before there is a copy of the key.
  if (profile.format === 'der') oneInDer(profile.name, 'trust anchors', credentials.trustAnchors.length);
  return targetItems(profile).map((one) => ({ ...one, bytes: contentOf(one.item, profile, credentials) }));
}

function contentOf(item: TargetItem['item'], profile: SmpFilesProfile, credentials: Credentials): Buffer {
  switch (item) {
    case 'key': {
      if (credentials.privateKey === undefined) throw new Error('the profile writes a key, and the station made none');
      const { privateKey } = credentials;
      return withNul(profile, profile.format === 'pem' ? pemBytes('PRIVATE KEY', privateKey) : Buffer.from(privateKey));
    }
    case 'certificate':
      return withNul(profile, certificateFile(profile.name, item, chainOf(credentials.certificateChain, profile), profile.format));
    case 'trust anchors':
      return withNul(profile, certificateFile(profile.name, item, credentials.trustAnchors, profile.format));
    case 'broker settings':
      return Buffer.from(JSON.stringify(credentials.broker));
  }
}

/** Zeroes what it does not return. */
function withNul({ format, nul }: SmpFilesProfile, bytes: Buffer): Buffer {
  if (format === 'der' || !nul) return bytes;
  const whole = Buffer.concat([bytes, Buffer.alloc(1)]);
  bytes.fill(0);
  return whole;
}

/** A PKCS#10 request, as DER, from a file with its DER or its PEM; what is neither comes back as it is. */
export function requestBytes(content: Buffer): Uint8Array {
  try {
    return dersOf(content, 'CERTIFICATE REQUEST')[0] ?? content;
  } catch (error) {
    if (error instanceof X509FileError) return content;
    throw error;
  }
}
