import { limits } from '../contract/index.ts';
import {
  basicConstraintsOf,
  commonNameOf,
  constructed,
  DerError,
  DerReader,
  keyUsageBits,
  keyUsageOf,
  oids,
  onlyElement,
  readExtensions,
  readNumber,
  readOid,
  tags,
  type Extensions,
} from '../der/index.ts';
import { refused } from './failures.ts';
import type { CertificateSigner } from './issuer-key.ts';

const known = new Set<string>([oids.basicConstraints, oids.keyUsage]);

/**
 * Reads the CertificationRequestInfo (RFC 2986) that a new CA key is to sign: for this key, for a CA with nothing but leaves below it.
 * SESSION_REFUSED with the rule that it breaks.
 */
export function checkRequest(bytes: Uint8Array, signer: CertificateSigner): void {
  if (signer.authority !== null) throw refused('a key that has a certificate asks for no other');
  try {
    const info = new DerReader(onlyElement(bytes, tags.sequence).content);
    if (readNumber(info.element(tags.integer)) !== 0) throw refused('a request must be version 1');
    const name = commonNameOf(info.element(tags.sequence).bytes);
    if (name === null || name.length > limits.commonNameChars) throw refused('a request needs one common name');
    if (Buffer.compare(info.element(tags.sequence).bytes, signer.spki) !== 0) throw refused('a key may only ask for its own certificate');
    const asked = requestedExtensions(info.element(constructed(0)).content);
    info.finish();
    checkExtensions(asked);
  } catch (error) {
    throw error instanceof DerError ? refused(`this is not a certificate request: ${error.message}`) : error;
  }
}

/** The one attribute that is allowed: extensionRequest (RFC 2985 5.4.2). */
function requestedExtensions(attributes: Uint8Array): Extensions {
  const attribute = new DerReader(onlyElement(attributes, tags.sequence).content);
  if (readOid(attribute.element(tags.oid)) !== oids.extensionRequest) throw refused('a request may ask for extensions only');
  const values = attribute.enter(tags.set);
  const extensions = readExtensions(values.element(tags.sequence).bytes);
  values.finish();
  attribute.finish();
  return extensions;
}

function checkExtensions(asked: Extensions): void {
  const constraints = basicConstraintsOf(asked);
  if (constraints?.ca !== true || constraints.pathLength !== 0) throw refused('a request must be for a CA with no CA below it');
  const usage = keyUsageOf(asked) ?? [];
  const wanted: readonly number[] = [keyUsageBits.keyCertSign, keyUsageBits.cRLSign];
  if (usage.length !== wanted.length || !wanted.every((bit) => usage.includes(bit)))
    throw refused('a request must be for the key usage of a CA');
  if ([...asked.keys()].some((id) => !known.has(id))) throw refused('a request with an extension that is not for a CA');
}
