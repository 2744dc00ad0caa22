import { Failure, limits, type AttestationFormat, type AttestationRecord } from '../../../contract/index.ts';
import { DerError } from '../../../der/index.ts';
import { instant } from '../../clock.ts';
import { readTrustAnchors, type TrustAnchor } from './anchors.ts';
import { labels, readCoseSign1 } from './cose.ts';
import { checkNordic } from './nordic.ts';
import { refuse, type Proof } from './refusal.ts';
import { certificatesIn, checkChain, checkSignedRequest, type Request } from './secure-element.ts';

export { readTrustAnchors } from './anchors.ts';

/** What a certificate profile asks of the devices that it is for. */
export interface AttestingProfile {
  readonly name: string;
  readonly attestation?:
    | {
        readonly required: boolean;
        /** PEM of certificates and public keys. */
        readonly trustAnchors: readonly string[];
      }
    | undefined;
}

/** What came beside the request; `format` where the driver knows it. */
export interface AttestationStatement {
  readonly format: AttestationFormat;
  readonly bytes: Uint8Array;
}

/**
 * Checks what a device says about where its key was made, against those whom the profile trusts. Null where the profile does not ask and
 * nothing was said. ATTESTATION_MISSING, ATTESTATION_REFUSED {check, problem}.
 * @param request A request that passed the CSR policy.
 */
export function checkAttestation(
  { name, attestation: policy }: AttestingProfile,
  statement: AttestationStatement | null,
  request: Request,
  now: number,
): AttestationRecord | null {
  if (policy === undefined) return null;
  if (statement === null) {
    if (policy.required) throw new Failure('ATTESTATION_MISSING', { profile: name });
    return null;
  }
  const { bytes, format } = statement;
  if (bytes.length > limits.attestationBytes)
    throw refuse('size', `it has ${String(bytes.length)} bytes; ${String(limits.attestationBytes)} are allowed`);
  const anchors = policy.trustAnchors.flatMap(readTrustAnchors);
  try {
    return { ...proofIn(bytes, format, request, anchors, now), checkedAt: instant(now) };
  } catch (thrown) {
    // An extension is read when its turn comes: what is wrong with one is the device's doing as much as a broken certificate.
    throw thrown instanceof DerError ? refuse('form', `a certificate in it cannot be read: ${thrown.message}`) : thrown;
  }
}

function proofIn(bytes: Uint8Array, format: AttestationFormat, request: Request, anchors: readonly TrustAnchor[], now: number): Proof {
  if (format === 'certificates' && bytes[0] === 0x30) return checkChain(certificatesIn(bytes), request, anchors, now);
  const cose = readCoseSign1(bytes);
  return cose.headers.has(labels.x5chain) ? checkSignedRequest(cose, request, anchors, now) : checkNordic(cose, request.csr, anchors);
}
