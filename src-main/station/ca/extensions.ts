import { isIP } from 'node:net';
import { addressBytes, der, distributionPointsOf, issuingPointOf, keyIdentifier, keyUsageBits, oids } from '../../der/index.ts';

/** RFC 5280 4.2 extensions, each a complete Extension. */
function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

export const extensions = (...list: readonly Uint8Array[]): Buffer => der.explicit(3, der.sequence(...list));

const noCa = extension(oids.basicConstraints, true, der.sequence());

export function basicConstraints(ca: boolean, pathLength?: number): Buffer {
  if (!ca) return noCa;
  const limit = pathLength === undefined ? [] : [der.integer(pathLength)];
  return extension(oids.basicConstraints, true, der.sequence(der.boolean(true), ...limit));
}

export function keyUsage(...names: readonly (keyof typeof keyUsageBits)[]): Buffer {
  return extension(oids.keyUsage, true, der.namedBits(names.map((name) => keyUsageBits[name])));
}

export function extendedKeyUsage(...ids: readonly string[]): Buffer {
  return extension(oids.extendedKeyUsage, false, der.sequence(...ids.map(der.oid)));
}

export const subjectKeyIdentifier = (keyBits: Uint8Array): Buffer =>
  extension(oids.subjectKeyIdentifier, false, der.octetString(keyIdentifier(keyBits)));
export const authorityKeyIdentifier = (keyId: Uint8Array): Buffer =>
  extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, keyId)));

const uri = (text: string): Buffer => der.implicit(6, Buffer.from(text, 'ascii'));

export const crlDistributionPoint = (text: string): Buffer => extension(oids.crlDistributionPoints, false, distributionPointsOf(text));
/** The same name as the certificates carry: a reader of extended CRL support finds the CRL of this partition by it. */
export const issuingDistributionPoint = (text: string): Buffer => extension(oids.issuingDistributionPoint, true, issuingPointOf(text));

export const crlNumber = (number: number): Buffer => extension(oids.crlNumber, false, der.integer(number));
export const reasonCode = (code: number): Buffer => extension(oids.reasonCode, false, der.enumerated(code));

export const subjectUri = (text: string): Buffer => extension(oids.subjectAltName, false, der.sequence(uri(text)));

/** DNS names and IP addresses of a server. */
export function subjectHosts(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) => (isIP(host) === 0 ? der.implicit(2, Buffer.from(host, 'ascii')) : der.implicit(7, addressBytes(host))));
  return extension(oids.subjectAltName, false, der.sequence(...names));
}
