import { Failure, type KeyAlgorithm } from '../../contract/index.ts';
import { keyIdentifier, name, readPublicKeyInfo, signatureAlgorithm, type NameParts } from '../../der/index.ts';
import * as ext from './extensions.ts';
import type { Issuer } from './issuer.ts';
import { assemble, assertWithin, validityFrom, type Draft } from './tbs.ts';

export interface AuthorityRequest {
  readonly subject: NameParts;
  readonly spki: Uint8Array;
  readonly serial: string;
  readonly now: number;
  readonly days: number;
}

/**
 * A self-signed root. It does not name a path length: how deep the customer goes below it is the customer's choice. `crlUri` names its own
 * CRL: openssl's -crl_check_all looks the root up in it, too, and takes a list with a distribution point for no other certificate.
 */
export function buildRootTbs(request: AuthorityRequest & { readonly crlUri?: string | null }): Draft {
  const { algorithm, bits } = authorityKey(request.spki);
  return assemble({
    ...request,
    issuerName: name(request.subject),
    signature: signatureAlgorithm(algorithm),
    validity: validityFrom(request.now, request.days),
    list: [
      ext.basicConstraints(true),
      ext.keyUsage('keyCertSign', 'cRLSign'),
      ext.subjectKeyIdentifier(bits),
      ext.authorityKeyIdentifier(keyIdentifier(bits)),
      ...(request.crlUri === undefined || request.crlUri === null ? [] : [ext.crlDistributionPoint(request.crlUri)]),
    ],
  });
}

/** An issuing CA below `issuer`: path length 0. `crlUri` names the CRL of the CA above. ISSUER_TOO_SHORT when it would outlive it. */
export function buildIssuerTbs(request: AuthorityRequest & { readonly issuer: Issuer; readonly crlUri: string | null }): Draft {
  const { bits } = authorityKey(request.spki);
  const validity = validityFrom(request.now, request.days);
  assertWithin(validity, request.issuer);
  return assemble({
    ...request,
    issuerName: request.issuer.subject,
    signature: request.issuer.signatureAlgorithm,
    validity: { ...validity, notBefore: Math.max(validity.notBefore, request.issuer.notBefore) },
    list: [
      ext.basicConstraints(true, 0),
      ext.keyUsage('keyCertSign', 'cRLSign'),
      ext.subjectKeyIdentifier(bits),
      ext.authorityKeyIdentifier(request.issuer.keyId),
      ...(request.crlUri === null ? [] : [ext.crlDistributionPoint(request.crlUri)]),
    ],
  });
}

function authorityKey(spki: Uint8Array): { readonly algorithm: KeyAlgorithm; readonly bits: Uint8Array } {
  const { algorithm, described, bits } = readPublicKeyInfo(spki);
  if (algorithm === null) throw new Failure('INVALID_INPUT', { field: 'spki', problem: `${described} cannot be the key of a CA here` });
  return { algorithm, bits };
}
