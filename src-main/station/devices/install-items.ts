import { createHash } from 'node:crypto';
import { encode } from 'cborg';
import type { Credentials, Settings } from './driver.ts';

/** One thing that is written to a unit, as exactly the bytes that it stores. */
export interface InstallItem {
  readonly item: 'cert' | 'ca' | 'broker';
  readonly bytes: Uint8Array;
  readonly sha256: Uint8Array;
}

/** The items of the provision group (PROTOCOL.md, "Items"), in the order in which they are written. */
export function installItems(credentials: Credentials): readonly InstallItem[] {
  return [toItem('cert', Buffer.concat(credentials.certificateChain)), ...settingsItems(credentials)];
}

/** Those of them that are known before the certificate is. */
export function settingsItems({ trustAnchors, broker }: Settings): readonly InstallItem[] {
  const settings = { host: broker.host, port: broker.port, client: broker.clientId, base: broker.topicBase, name: broker.serverName };
  return [toItem('ca', Buffer.concat(trustAnchors)), toItem('broker', encode(settings))];
}

/** What a unit that has all of them tells of them in one digest: SHA-256 over length (u32, big endian) and SHA-256 of each. */
export function itemsDigest(items: readonly { readonly bytes: number; readonly digest: string }[]): Buffer {
  const hash = createHash('sha256');
  for (const { bytes, digest } of items) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes);
    hash.update(length).update(Buffer.from(digest, 'hex'));
  }
  return hash.digest();
}

function toItem(item: InstallItem['item'], bytes: Uint8Array): InstallItem {
  return { item, bytes, sha256: createHash('sha256').update(bytes).digest() };
}

/** An item in words, as failures tell of it. */
export function itemInWords(item: string): string {
  const words: Readonly<Record<string, string>> = {
    cert: 'certificate',
    ca: 'trust anchors',
    broker: 'broker settings',
    csr: 'certificate request',
  };
  return words[item] ?? item;
}
