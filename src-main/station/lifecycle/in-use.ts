import { verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { DeviceName, SerialHex } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';
import { topicRuleOf, type TopicRule } from '../topic-rule.ts';

/** Where devices say that they use a new certificate: each below its own topics. */
const inUse = 'certificates/in-use';
export const inUseFilter = (rule: TopicRule): string => rule.everyones(inUse);
const payloadBytes = 4096;

const Claim = z.object({ serial_number: SerialHex, signature: z.base64().max(1024) });

/** What the new key signs (SHA-256; ECDSA in DER, or PKCS #1 v1.5): nobody can before the certificate is made, for nobody knows its serial number. */
export const inUseText = (device: string, serial: string): string => `birthmark certificate in use\n${device}\n${serial}\n`;

/** `seen`: the first time. `doubt`: why it is not believed. */
export interface InUse {
  readonly device: string;
  readonly seen: boolean;
  readonly doubt: string | null;
}

/**
 * A device's word on its own topic that it uses its new certificate. A broker does not tell which of two certificates with one name was
 * shown, so the word is signed by the new key. Ends the grace period of the old one where that was asked for. Null for what concerns no rotation.
 */
export function hearInUse(registry: Registry, topic: string, payload: Uint8Array): InUse | null {
  const device = topicRuleOf(registry.settings).deviceOf(topic, inUse);
  if (device === null || !DeviceName.safeParse(device).success) return null;
  const open = registry.certificates.rotations({ device, limit: 1 }).rows[0];
  if (open === undefined) return null;
  const doubt = doubtOf(registry, device, open.successor, payload);
  if (doubt !== null) return { device, seen: false, doubt };
  return registry.store.transaction(() => {
    const seen = registry.certificates.seen(open.successor, device);
    if (open.endsWhenSeen)
      revokeCertificate(registry, open.serial, { reason: 'superseded', note: 'its successor was seen', actor: device });
    return { device, seen, doubt: null };
  });
}

function doubtOf(registry: Registry, device: string, successor: string, payload: Uint8Array): string | null {
  const claim = Claim.safeParse(payload.length > payloadBytes ? null : parse(payload));
  if (!claim.success) return 'it is not a serial number with a signature';
  const { serial_number: serial, signature } = claim.data;
  if (serial !== successor) return `serial ${serial} is not the one that is to take over`;
  const der = registry.certificates.get(successor)?.der ?? Buffer.alloc(0);
  const { publicKey } = new X509Certificate(der);
  const signed = verify('sha256', Buffer.from(inUseText(device, serial)), publicKey, Buffer.from(signature, 'base64'));
  return signed ? null : 'the signature is not by the new key';
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return null;
  }
}
