import { Failure, type KeyAlgorithm } from '../../contract/index.ts';
import { der, name, oids, readPublicKeyInfo, signatureAlgorithm, type NameParts } from '../../der/index.ts';
import { toPem } from './certificate.ts';
import * as ext from './extensions.ts';

/**
 * CertificationRequestInfo (RFC 2986) for the certificate of an issuing CA: what the customer's CA should put into it is asked for. Not the key
 * identifier, which is the CA's to make (RFC 5280 4.2.1.2): certtool with `honor_crq_extensions` makes one, too, and fails over two of them.
 */
export function buildRequestInfo({ subject, spki }: { readonly subject: NameParts; readonly spki: Uint8Array }): Buffer {
  const { algorithm, described } = readPublicKeyInfo(spki);
  if (algorithm === null) throw new Failure('INVALID_INPUT', { field: 'spki', problem: `${described} cannot be the key of a CA here` });
  const wanted = der.sequence(ext.basicConstraints(true, 0), ext.keyUsage('keyCertSign', 'cRLSign'));
  const attribute = der.sequence(der.oid(oids.extensionRequest), der.set(wanted));
  return der.sequence(der.integer(0), name(subject), spki, der.explicit(0, attribute));
}

/** The finished request: the bytes that were signed, as they were signed. */
export const requestToPem = (info: Uint8Array, algorithm: KeyAlgorithm, signature: Uint8Array): string =>
  toPem('CERTIFICATE REQUEST', der.sequence(info, signatureAlgorithm(algorithm), der.bitString(signature)));
