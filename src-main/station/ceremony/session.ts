import { Failure, type Authority, type IssuerKind, type SessionTerms, type TokenRef } from '../../contract/index.ts';
import { authorityDays, authorityProfiles, crlUri, signingProfile } from '../ca/index.ts';
import { instant } from '../clock.ts';
import type { CeremonyContext } from './context.ts';

const sessionMinutes = 60;
const leafProfiles = ['server', 'canary', 'service'] as const;
const mayIssue: Readonly<Record<IssuerKind, readonly string[]>> = { root: ['issuer'], issuing: ['canary', 'service'], server: ['server'] };

/** What the ceremony's session may do: make the CAs that are planned, and the station's own certificates below them. */
export function ceremonyTerms(context: CeremonyContext, token: TokenRef, operator: string): SessionTerms {
  const { plan, parts } = context;
  const authorities: Authority[] = context
    .allMade()
    .map(({ planned, proof, certificate }) => ({ key: proof.key, certificate, profiles: [...mayIssue[planned.role]] }));
  const root = parts.registry.issuers.current('root');
  const above = context.planned('root') === null && plan.authorities.some(({ signedBy }) => signedBy === 'root') ? root : null;
  if (above !== null)
    authorities.push({ key: { ckaId: above.ckaId, spkiSha256: above.spkiSha256 }, certificate: above.certificate, profiles: ['issuer'] });
  const days = (role: IssuerKind, usual: number): number => Math.max(usual, context.planned(role)?.days ?? 0);
  return {
    kind: 'ceremony',
    issuer: plan.name,
    token,
    authorities,
    profiles: [
      ...authorityProfiles({
        root: days('root', authorityDays.root),
        issuer: Math.max(days('issuing', authorityDays.issuer), days('server', 0)),
      }),
      ...leafProfiles.map((name) => signingProfile(context.profile(name))),
    ],
    tenants: null,
    relearn: null,
    distributionPoints: [
      ...plan.authorities.map(({ ckaId, id, partitions }) => ({ ckaId, uris: crlUris(plan.crlBase, id, partitions) })),
      ...(above === null ? [] : [{ ckaId: above.ckaId, uris: crlUris(plan.crlBase, above.id, above.partitions) }]),
    ],
    quota: plan.authorities.length + 4,
    until: instant(parts.clock.now() + sessionMinutes * 60_000),
    idleMinutes: sessionMinutes,
    perMinute: 60,
    operator,
    reason: plan.reason,
  };
}

/** The lists of a CA, one for each partition. */
const crlUris = (base: string, id: string, partitions: number): string[] =>
  Array.from({ length: partitions }, (_, partition) => crlUri(base, id, partition));

/** Keys of an earlier session that have no certificate yet are found again and must be the same. KEY_NOT_FOUND. */
export async function findKeysAgain(context: CeremonyContext): Promise<void> {
  for (const { role, ckaId, algorithm, subject } of context.plan.authorities) {
    const proof = context.proof(role);
    if (proof === null || context.made(role) !== null) continue;
    const found = await context.parts.signer('key.find', { ckaId, label: subject.commonName, algorithm });
    if (found?.key.spkiSha256 !== proof.key.spkiSha256)
      throw new Failure('KEY_NOT_FOUND', { label: context.plan.token.label, issuer: subject.commonName });
  }
}
