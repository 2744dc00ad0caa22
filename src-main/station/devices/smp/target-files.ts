import { pemBytes } from '../../../der/index.ts';
import { dersOf, X509FileError } from '../../x509-files/index.ts';
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

/** The same with their content; whoever asked for it zeroes it. */
export function targetFiles(profile: SmpFilesProfile, credentials: Credentials): TargetFile[] {
  return targetItems(profile).map((one) => ({ ...one, bytes: contentOf(one.item, profile, credentials) }));
}

function contentOf(item: TargetItem['item'], profile: SmpFilesProfile, credentials: Credentials): Buffer {
  switch (item) {
    case 'key':
      if (credentials.privateKey === undefined) throw new Error('the profile writes a key, and the station made none');
      return encoded('PRIVATE KEY', [credentials.privateKey], profile);
    case 'certificate':
      return encoded('CERTIFICATE', credentials.certificateChain, profile);
    case 'trust anchors':
      return encoded('CERTIFICATE', credentials.trustAnchors, profile);
    case 'broker settings':
      return Buffer.from(JSON.stringify(credentials.broker));
  }
}

function encoded(label: string, ders: readonly Uint8Array[], { format, nul }: Pick<SmpFilesProfile, 'format' | 'nul'>): Buffer {
  const parts = format === 'pem' ? ders.map((der) => pemBytes(label, der)) : ders;
  const whole = Buffer.concat(format === 'pem' && nul ? [...parts, Buffer.alloc(1)] : parts);
  if (format === 'pem') for (const part of parts) part.fill(0);
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
