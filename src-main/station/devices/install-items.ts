import { createHash } from 'node:crypto';
import { encode } from 'cborg';
import type { Credentials } from './driver.ts';

/** One thing that is written to a unit, as exactly the bytes that it stores. */
export interface InstallItem {
  readonly item: 'cert' | 'ca' | 'broker';
  readonly bytes: Uint8Array;
  readonly sha256: Uint8Array;
}

/** The items of the provision group (PROTOCOL.md, "Items"), in the order in which they are written. */
export function installItems({ certificateChain, trustAnchors, broker }: Credentials): readonly InstallItem[] {
  const settings = { host: broker.host, port: broker.port, client: broker.clientId, base: broker.topicBase, name: broker.serverName };
  return [toItem('cert', Buffer.concat(certificateChain)), toItem('ca', Buffer.concat(trustAnchors)), toItem('broker', encode(settings))];
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
