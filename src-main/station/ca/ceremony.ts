import type { KeyAlgorithm, KeyProof, SignerClient, SigningProfile } from '../../contract/index.ts';
import type { NameParts } from '../../der/index.ts';
import type { Clock } from '../clock.ts';
import { buildIssuerTbs, buildRootTbs } from './ca-tbs.ts';
import { readIssuer, type Issuer } from './issuer.ts';
import { newSerial } from './serial.ts';
import { assembleCertificate, type Draft } from './tbs.ts';

/** Days that the CAs of a new hierarchy live; long enough for a device certificate of the longest validity. */
export const authorityDays = { root: 7300, issuer: 5475 } as const;

/** What a ceremony session must allow to make CAs; leaf profiles for canaries and the broker's certificate are added to these. */
export const authorityProfiles: readonly SigningProfile[] = [
  {
    name: 'root',
    maxValidityDays: authorityDays.root,
    keyAlgorithms: ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096'],
    extendedKeyUsage: [],
    ca: true,
    commonName: '[^\\p{C}]{1,64}',
  },
  {
    name: 'issuer',
    maxValidityDays: authorityDays.issuer,
    keyAlgorithms: ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096'],
    extendedKeyUsage: [],
    ca: true,
    commonName: '[^\\p{C}]{1,64}',
  },
];

export type Role = 'root' | 'issuer' | 'server';

export interface HierarchyRequest {
  /** Answers for an open ceremony session. */
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly names: Readonly<Record<Role, NameParts>>;
  /** CKA_IDs on the token, hex. */
  readonly ids: Readonly<Record<Role, string>>;
  readonly algorithm: KeyAlgorithm;
  /** URI of the root's CRL, for the two CAs below it. */
  readonly rootCrlUri: string;
  /** Told before each signature, so that a serial number is recorded before the token is asked. */
  readonly reserve: (role: Role, draft: Draft) => void | Promise<void>;
}

export interface MadeAuthority {
  readonly proof: KeyProof;
  readonly certificate: Buffer;
  readonly issuer: Issuer;
}

/**
 * Makes a root, the issuer of device certificates and the issuer of server certificates, each with its own key on the token.
 * Failures of the signer come through as they are; keys made before one stay on the token.
 */
export async function createHierarchy(request: HierarchyRequest): Promise<Readonly<Record<Role, MadeAuthority>>> {
  const root = await make(request, 'root', null);
  return { root, issuer: await make(request, 'issuer', root), server: await make(request, 'server', root) };
}

async function make(request: HierarchyRequest, role: Role, above: MadeAuthority | null): Promise<MadeAuthority> {
  const { signer, algorithm } = request;
  const subject = request.names[role];
  const proof = await signer('key.generate', { ckaId: request.ids[role], label: subject.commonName, algorithm });
  const common = { subject, spki: proof.spki, serial: newSerial(), now: request.clock.now() };
  const draft =
    above === null
      ? buildRootTbs({ ...common, days: authorityDays.root })
      : buildIssuerTbs({ ...common, days: authorityDays.issuer, issuer: above.issuer, crlUri: request.rootCrlUri });
  await request.reserve(role, draft);
  const signedBy = above?.proof ?? proof;
  const { signature } = await signer('sign.certificate', {
    key: signedBy.key,
    profile: above === null ? 'root' : 'issuer',
    tbs: draft.tbs,
  });
  const certificate = assembleCertificate(draft.tbs, signedBy, signature);
  return { proof, certificate, issuer: readIssuer(certificate) };
}
