import { createHash } from 'node:crypto';
import { DerReader, DerError, tags } from '../../../der/index.ts';
import { describeName } from '../../x509-files/index.ts';
import type { ChainLink, TrustAnchor } from './anchors.ts';
import { isSignedBy, labels, type CoseSign1 } from './cose.ts';
import { readChain, validatePath } from './path.ts';
import { refuse, type Proof } from './refusal.ts';

export interface Request {
  readonly csr: Uint8Array;
  /** Its SubjectPublicKeyInfo; that the device has the private key was checked. */
  readonly spki: Uint8Array;
}

/** The chain of a secure element whose certified key is the key of the request (TrustFLEX, OPTIGA Trust, SE05x). */
export function checkChain(certificates: readonly Uint8Array[], request: Request, anchors: readonly TrustAnchor[], now: number): Proof {
  const chain = readChain(certificates);
  const anchor = validatePath(chain, anchors, now);
  if (Buffer.compare(leafOf(chain).read.fields.spki, request.spki) !== 0)
    throw refuse('key', 'the key of its first certificate is not the key of the request');
  return proofOf(chain, anchor, 'the private key of this request is in the secure element that the certificate was issued to');
}

/**
 * A COSE_Sign1 with the chain in its header x5chain (RFC 9360): the secure element's certified key has signed the request, its digest, or, with
 * an empty payload, the request that travels beside it.
 */
export function checkSignedRequest(cose: CoseSign1, request: Request, anchors: readonly TrustAnchor[], now: number): Proof {
  const { csr } = request;
  const chain = readChain(chainIn(cose));
  const anchor = validatePath(chain, anchors, now);
  const digest = createHash('sha256').update(csr).digest();
  const { payload } = cose;
  if (payload !== null && Buffer.compare(payload, csr) !== 0 && Buffer.compare(payload, digest) !== 0)
    throw refuse('digest', 'it is about another certificate request than this one');
  if (!isSignedBy(cose, leafOf(chain).key, payload ?? csr, new Uint8Array()))
    throw refuse('signature', 'the key of its first certificate has not signed the request');
  return proofOf(chain, anchor, 'the secure element that the certificate was issued to has signed this request');
}

function proofOf(chain: readonly ChainLink[], anchor: TrustAnchor, what: string): Proof {
  const { fields } = leafOf(chain).read;
  const serial = Buffer.from(fields.serial).toString('hex').toUpperCase();
  return {
    format: 'certificates',
    deviceId: `${nameOf(fields.subject)}, serial ${serial}`,
    anchor: anchor.spkiSha256,
    proven: [what, `its chain of ${String(chain.length)} leads to ${nameOf(anchor.certificate?.read.fields.subject ?? fields.issuer)}`],
    notChecked: ['whether a certificate of the chain was revoked: makers of secure elements publish no list that could be asked here'],
  };
}

function nameOf(name: Uint8Array): string {
  try {
    return describeName(name);
  } catch (thrown) {
    if (thrown instanceof DerError) return 'a name that cannot be read';
    throw thrown;
  }
}

function leafOf([leaf]: readonly ChainLink[]): ChainLink {
  if (leaf === undefined) throw refuse('form', 'there is no certificate in it');
  return leaf;
}

function chainIn({ headers }: CoseSign1): Uint8Array[] {
  const value = headers.get(labels.x5chain);
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (!list.every((one) => one instanceof Uint8Array)) throw refuse('form', 'its x5chain is no list of certificates');
  return list;
}

/** DER certificates one after the other. ATTESTATION_REFUSED (form). */
export function certificatesIn(bytes: Uint8Array): Uint8Array[] {
  try {
    const reader = new DerReader(bytes);
    const found: Uint8Array[] = [];
    while (!reader.done) found.push(reader.element(tags.sequence).bytes);
    return found;
  } catch (thrown) {
    throw thrown instanceof DerError ? refuse('form', thrown.message) : thrown;
  }
}
