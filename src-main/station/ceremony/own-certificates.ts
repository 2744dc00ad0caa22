import { unwrap, type CertificateUse } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildServerTbs,
  buildServiceTbs,
  certificateToPem,
  distributionPoint,
  newSerial,
  partitionOf,
  readCertificate,
  type CertificateProfile,
  type Draft,
} from '../ca/index.ts';
import { sha256Hex } from '../../der/index.ts';
import { makeKey, stageIdentity } from '../setup/index.ts';
import type { CeremonyContext, MadeAuthority } from './context.ts';
import type { PlannedAuthority } from './plan.ts';
import { leaves, type LeafName } from './steps.ts';

/** Names that a broker on this computer is reached by. */
export const localHosts = ['localhost', '127.0.0.1'];

interface Recipe {
  readonly profile: 'server' | 'canary' | 'service';
  /** Its own name in the subject. */
  readonly name: string;
  readonly use: CertificateUse;
}

export const recipes: Readonly<Record<LeafName, Recipe>> = {
  broker: { profile: 'server', name: 'localhost', use: 'server' },
  'good-canary': { profile: 'canary', name: 'good', use: 'canary-good' },
  'revoked-canary': { profile: 'canary', name: 'revoked', use: 'canary-revoked' },
  observer: { profile: 'service', name: 'observer', use: 'service' },
};

/**
 * Makes a key of the station's own and its certificate. The key lives in a file beside those in use; after an interruption both are made
 * anew, and the number of the certificate that may have been signed is recorded as revoked.
 */
export async function leafStep(context: CeremonyContext, leaf: LeafName, actor: string): Promise<unknown> {
  const authority = unwrap(context.made(leaves[leaf].by), 'its issuer was made in a step before');
  const key = makeKey();
  const draft = drawUp(context, leaf, authority, key.spki);
  const { serial, commonName, notBefore, notAfter } = draft;
  context.write(`leaf:${leaf}`, 'begin', { serial, commonName, notBefore, notAfter, spkiSha256: sha256Hex(key.spki) }, actor);
  const { signature } = await context.parts.signer('sign.certificate', {
    key: authority.proof.key,
    profile: recipes[leaf].profile,
    tbs: draft.tbs,
  });
  const certificate = assembleCertificate(draft.tbs, authority.proof, signature);
  const chain = [certificate, authority.certificate, ...authority.chain.slice(0, -1)];
  stageIdentity(context.parts.dataDir, leaf, { keyPem: key.keyPem, certificatePem: chain.map(certificateToPem).join('') });
  return { certificate: certificate.toString('base64') };
}

/** With the organization of its CA: a customer's CA may permit no other (RFC 5280 4.2.1.10). */
export const ownProfile = (
  profile: CertificateProfile,
  { organization, organizationalUnit }: PlannedAuthority['subject'],
): CertificateProfile => ({
  ...profile,
  ...(organization === undefined ? {} : { organization }),
  ...(organization === undefined || organizationalUnit === undefined ? {} : { organizationalUnit }),
});

/** As long as the profile says, but not longer than what is above it. */
function daysWithin(profile: CertificateProfile, { certificate, chain }: MadeAuthority, now: number): number {
  const end = Math.min(...[certificate, ...chain].map((one) => Date.parse(readCertificate(one).notAfter)));
  return Math.max(1, Math.min(profile.validityDays, Math.floor((end - now) / 86_400_000)));
}

function drawUp(context: CeremonyContext, leaf: LeafName, made: MadeAuthority, spki: Buffer): Draft {
  const { issuer, planned } = made;
  const { profile, name } = recipes[leaf];
  const now = context.parts.clock.now();
  const serial = newSerial();
  const common = {
    issuer,
    profile: ownProfile(context.profile(profile), planned.subject),
    spki,
    serial,
    now,
    validityDays: daysWithin(context.profile(profile), made, now),
    crlUri: distributionPoint(context.plan.crlBase, planned, partitionOf(serial, planned.partitions)),
  };
  return leaf === 'broker' ? buildServerTbs({ ...common, hosts: localHosts }) : buildServiceTbs({ ...common, subject: { name } });
}
