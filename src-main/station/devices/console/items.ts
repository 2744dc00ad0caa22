import { createHash, createPrivateKey } from 'node:crypto';
import { pemBytes } from '../../../der/index.ts';
import { oneInDer } from '../certificate-file.ts';
import type { Credentials, StoredItem } from '../driver.ts';
import type { InstallItemSpec } from './profile.ts';
import type { Value, Values } from './values.ts';

/** An item as it is sent, and as exactly the bytes that the unit stores. */
export interface Item {
  readonly spec: InstallItemSpec;
  readonly sent: Buffer;
  readonly stored: Buffer;
  /** Its DER, one certificate after the other. */
  readonly der: Buffer;
  readonly secret: boolean;
}

type ReadBack = NonNullable<InstallItemSpec['readBack']>;

export function itemOf(spec: InstallItemSpec, credentials: Credentials, values: Values): Item {
  if (spec.source === 'text') {
    const text = Buffer.from(values.fill(spec.text ?? ''));
    return { spec, sent: text, stored: withNul(spec, text), der: text, secret: false };
  }
  const parts = derOf(spec, credentials);
  if (spec.encoding === 'der') oneInDer('device profile', spec.item, parts.length);
  const der = Buffer.concat(parts.map(({ bytes }) => bytes));
  const secret = spec.source === 'key';
  if (spec.encoding === 'der') return { spec, sent: der, stored: withNul(spec, der), der, secret };
  const pem = parts.map(({ label, bytes }) => pemBytes(label, bytes).toString('latin1').trimEnd()).join('\n') + (spec.finalEol ? '\n' : '');
  const storedEol = spec.eol === 'escaped' ? spec.escapedAs : spec.eol;
  const stored = Buffer.from(storedEol === 'crlf' ? pem.replaceAll('\n', '\r\n') : pem);
  const sent = spec.eol === 'escaped' ? Buffer.from(pem.replaceAll('\n', '\\n')) : stored;
  return { spec, sent, stored: withNul(spec, stored), der, secret };
}

const withNul = ({ nul }: InstallItemSpec, bytes: Buffer): Buffer => (nul ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes);

interface Part {
  readonly label: string;
  readonly bytes: Buffer;
}

function derOf(spec: InstallItemSpec, { certificateChain, trustAnchors, privateKey }: Credentials): Part[] {
  const certificates = (list: readonly Uint8Array[]): Part[] => list.map((bytes) => ({ label: 'CERTIFICATE', bytes: Buffer.from(bytes) }));
  switch (spec.source) {
    case 'certificate':
      return certificates(certificateChain.slice(0, 1));
    case 'certificate-chain':
      return certificates(certificateChain);
    case 'trust-anchors':
      return certificates(trustAnchors);
    case 'key': {
      if (privateKey === undefined) throw new Error('the profile writes a key, and the station made none');
      if (spec.keyFormat === 'pkcs8') return [{ label: 'PRIVATE KEY', bytes: Buffer.from(privateKey) }];
      const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
      const ec = key.asymmetricKeyType === 'ec';
      return [{ label: ec ? 'EC PRIVATE KEY' : 'RSA PRIVATE KEY', bytes: key.export({ format: 'der', type: ec ? 'sec1' : 'pkcs1' }) }];
    }
    case 'text':
      return [];
  }
}

/** What the unit must have stored, as its profile reads it back. */
export function storedItemOf({ spec, stored, der }: Item): StoredItem {
  const bytes = spec.readBack?.of === 'der' ? der : stored;
  const algorithm = spec.readBack?.form === 'md5-hex' ? 'md5' : 'sha256';
  return { item: spec.item, bytes: bytes.length, algorithm, digest: createHash(algorithm).update(bytes).digest('hex') };
}

/** What the unit tells of an item → the digest in hex; null when it is not there, or tells something else. */
export function toldDigest({ form, of }: ReadBack, told: Value): string | null {
  const text = typeof told === 'string' ? told : told.toString('latin1');
  const compact = text.replace(/\s/gu, '');
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  if (compact === '') return null;
  switch (form) {
    case 'sha256-hex':
      return /^[0-9a-f]{64}$/iu.test(compact) ? compact.toLowerCase() : null;
    case 'md5-hex':
      return /^[0-9a-f]{32}$/iu.test(compact) ? compact.toLowerCase() : null;
    case 'sha256-base64':
      return /^[A-Za-z0-9+/]{43}=$/u.test(compact) ? Buffer.from(compact, 'base64').toString('hex') : null;
    case 'content-base64':
      return hash(Buffer.from(compact, 'base64'));
    case 'content-hex':
      return hash(Buffer.from(compact, 'hex'));
    case 'content':
      return hash(of === 'der' ? certificatesOf(text) : typeof told === 'string' ? Buffer.from(told) : told);
  }
}

/** A template that is one variable may be bytes; anything else is text. */
export function wholeValue(template: string, values: Values): Value {
  const single = /^\$\{([\w.]+)\}$/u.exec(template)?.[1];
  return single === undefined ? values.fill(template) : (values.get(single) ?? '');
}

/** The DER of all PEM blocks of a text, one after the other. */
function certificatesOf(text: string): Buffer {
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?-----END [A-Z0-9 ]+-----/gu) ?? [];
  return Buffer.concat(blocks.map((block) => Buffer.from(block.replace(/-----[A-Z0-9 ]+-----|\s/gu, ''), 'base64')));
}
