import type { X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { DerError } from '../../der/index.ts';
import { bytesIn, bytesOf, childrenOf, oidOf, parse } from './tree.ts';

interface Attribute {
  /** Dotted. */
  readonly type: string;
  /** Null where the value is no text. */
  readonly text: string | null;
  /** The value as it stands, hex. */
  readonly der: string;
}

/** RFC 4514 section 3 and what OpenSSL writes; by the names of node-forge's table, or by number where that has none. */
const shortNames: Readonly<Record<string, string>> = {
  commonName: 'CN',
  surname: 'SN',
  serialNumber: 'serialNumber',
  countryName: 'C',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  streetAddress: 'street',
  organizationName: 'O',
  organizationalUnitName: 'OU',
  title: 'title',
  givenName: 'GN',
  emailAddress: 'emailAddress',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};
const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = (bytes: string): string => bytes;

/** Texts by their universal tag. T61String is read as Latin-1, as OpenSSL does. */
const readers: Readonly<Record<number, (bytes: string) => string>> = {
  12: (bytes) => utf8.decode(Buffer.from(bytes, 'latin1')),
  18: latin1,
  19: latin1,
  20: latin1,
  22: latin1,
  26: latin1,
  28: (bytes) => {
    const buffer = Buffer.from(bytes, 'latin1');
    const points = Array.from({ length: buffer.length >> 2 }, (_, index) => buffer.readUInt32BE(index * 4));
    return String.fromCodePoint(...points);
  },
  // node-forge has made characters of the two bytes of a BMPString already.
  30: latin1,
};

/** The relative names of a Name, each with its attributes. DerError when it is none. */
function partsOf(name: Uint8Array): Attribute[][] {
  return childrenOf(parse(name)).map((relative) =>
    childrenOf(relative).map((attribute) => {
      const [type, value] = childrenOf(attribute);
      const der = value === undefined ? '' : forge.asn1.toDer(value).toHex();
      return { type: type === undefined ? '' : oidOf(type), text: value === undefined ? null : textOf(value), der };
    }),
  );
}

function textOf(value: forge.asn1.Asn1): string | null {
  const read = value.tagClass === forge.asn1.Class.UNIVERSAL ? readers[value.type] : undefined;
  try {
    return read === undefined ? null : read(bytesOf(value));
  } catch {
    return null;
  }
}

function typeName(type: string): string {
  const known: unknown = forge.pki.oids[type];
  return shortNames[typeof known === 'string' ? known : type] ?? type;
}

const shown = ({ type, text, der }: Attribute): string => `${typeName(type)}=${text ?? `#${der}`}`;

/** For people, in the order of the certificate: `C=DE, O=Acme, CN=Issuer 1`; a value that is no text as `#` and its DER. DerError. */
export const describeName = (name: Uint8Array): string =>
  partsOf(name)
    .map((part) => part.map(shown).join(' + '))
    .join(', ');

/** RFC 5280 7.1: without letter case, superfluous blanks and the kind of string. */
const prepared = ({ type, text, der }: Attribute): string =>
  text === null ? `${type}#${der}` : `${type}=${text.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase()}`;

const preparedParts = (name: Uint8Array): string[] => partsOf(name).map((part) => JSON.stringify(part.map(prepared).sort()));

/** Is it the same name (RFC 5280 7.1)? One that cannot be read is no other's. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true;
  try {
    const [left, right] = [preparedParts(a), preparedParts(b)];
    return left.length === right.length && left.every((part, index) => part === right[index]);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** The names in a certificate of anybody, DER. DerError when it is damaged. */
export function namesOf(certificate: Uint8Array): { readonly issuer: Buffer; readonly subject: Buffer } {
  const [fields] = childrenOf(parse(certificate));
  const [first, ...more] = fields === undefined ? [] : childrenOf(fields);
  // The version is optional; then come serial number, algorithm, issuer, validity and subject.
  const [, , issuer, , subject] = first?.tagClass === forge.asn1.Class.UNIVERSAL ? [first, ...more] : more;
  if (issuer === undefined || subject === undefined) throw new DerError('a certificate without names');
  return { issuer: bytesIn(issuer), subject: bytesIn(subject) };
}

/** Does `certificate` carry the name of `ca` as that of its issuer? */
export const isNamedBy = (certificate: X509Certificate, ca: X509Certificate): boolean =>
  sameName(namesOf(certificate.raw).issuer, namesOf(ca.raw).subject);

/** Are the parts of `base` the first parts of `name` (RFC 5280 4.2.1.10)? DerError when one is none. */
export function startsWithName(name: Uint8Array, base: Uint8Array): boolean {
  const [own, wanted] = [preparedParts(name), preparedParts(base)];
  return wanted.length <= own.length && wanted.every((part, index) => part === own[index]);
}
