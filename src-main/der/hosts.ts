import { isIP } from 'node:net';
import { type Extensions } from './certificate.ts';
import { oids } from './oids.ts';
import { DerError, DerReader, onlyElement } from './reader.ts';
import { primitive, tags } from './tags.ts';

/** GeneralName (RFC 5280 4.2.1.6) with its tag: 2 a DNS name, 6 a URI, 7 an IP address. */
export interface GeneralName {
  readonly tag: number;
  readonly content: Uint8Array;
}

export const generalName = { dns: primitive(2), uri: primitive(6), ip: primitive(7) } as const;

/** Names of the subjectAltName as they stand; null without one. */
export function subjectAltNamesOf(extensions: Extensions): readonly GeneralName[] | null {
  const value = extensions.get(oids.subjectAltName)?.value;
  if (value === undefined) return null;
  const list = new DerReader(onlyElement(value, tags.sequence).content);
  const found: GeneralName[] = [];
  while (!list.done) {
    const { tag, content } = list.element();
    found.push({ tag, content });
  }
  return found;
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** A host name in lower case (RFC 1123), no wildcard; the last label is not a number, which would read as an IPv4 address. */
const hostName = new RegExp(`^(?=.{1,253}$)(?:${label}\\.)*(?!\\d+$)${label}$`, 'u');

export const isHostName = (text: string): boolean => hostName.test(text);

/** The host that a name of a server stands for: a DNS name, or an address in its one canonical form (RFC 5952). A DerError for anything else. */
export function hostOf({ tag, content }: GeneralName): string {
  if (tag === generalName.dns) {
    const text = Buffer.from(content).toString('latin1');
    if (isHostName(text)) return text;
    throw new DerError('a DNS name that is none');
  }
  if (tag === generalName.ip && content.length === 4) return content.join('.');
  if (tag === generalName.ip && content.length === 16)
    return canonicalAddress(
      Buffer.from(content)
        .toString('hex')
        .replace(/.{4}(?=.)/gu, '$&:'),
    );
  throw new DerError('a name that is no host');
}

/** An IP address as RFC 5952 writes it. */
export const canonicalAddress = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

/** The octets of an IP address in any of its text forms. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = canonicalAddress(address).split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [head, end] = [groups(left), right === undefined ? [] : groups(right)];
  const all = [...head, ...new Array<number>(8 - head.length - end.length).fill(0), ...end];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
