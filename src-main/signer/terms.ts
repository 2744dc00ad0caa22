import { Failure, limits, type Authority as AuthorityTerms, type PinTerms, type SessionTerms } from '../contract/index.ts';
import { commonNameOf } from '../der/index.ts';
import type { CompiledProfile } from './certificate-rules.ts';
import { refused } from './failures.ts';
import { type CheckedAuthority, issuerKey } from './issuer-key.ts';

/** Terms that make sense, with what they name read and compiled. */
export interface CheckedTerms {
  readonly terms: SessionTerms;
  readonly profiles: ReadonlyMap<string, CompiledProfile>;
  readonly authorities: readonly CheckedAuthority[];
  /** URIs of the revocation lists of each key, by CKA_ID. */
  readonly points: ReadonlyMap<string, readonly string[]>;
}

/** Checks terms before an officer is asked for a PIN. SESSION_REFUSED or INVALID_INPUT. */
export function checkTerms(terms: SessionTerms, now: number): CheckedTerms {
  if (Date.parse(terms.until) <= now) throw refused('the session would end before it begins');
  checkCeilings(terms, now);
  if (terms.kind !== 'ceremony' && terms.profiles.some((profile) => profile.ca))
    throw refused('only a ceremony may make the certificate of a CA');
  const profiles = new Map(terms.profiles.map((profile) => [profile.name, { ...profile, pattern: compile(profile.commonName) }]));
  for (const { alternativeName } of terms.profiles)
    if (alternativeName !== undefined && 'uri' in alternativeName) compile(alternativeName.uri);
  if (terms.kind === 'crl-only' && profiles.size > 0) throw refused('a session for revocation lists has no certificate profiles');
  if (terms.kind !== 'ceremony' && terms.authorities.length === 0) throw refused('a session needs an issuer’s key and certificate');
  const points = new Map(terms.distributionPoints.map(({ ckaId, uris }) => [ckaId, uris]));
  const authorities = terms.authorities.map((authority) => checkAuthority(authority, profiles, points, now));
  const nobodys = [...profiles.keys()].find((name) => !authorities.some((authority) => authority.profiles?.has(name) === true));
  if (terms.kind !== 'ceremony' && nobodys !== undefined) throw refused(`no issuer of the session signs under the profile “${nobodys}”`);
  return { terms, profiles, authorities, points };
}

/** What no officer can allow, whatever the terms say. */
function checkCeilings({ kind, until, quota, profiles }: SessionTerms, now: number): void {
  const { ceilings } = limits;
  if (Date.parse(until) - now > ceilings.sessionMinutes * 60_000)
    throw refused(`a session ends within ${String(ceilings.sessionMinutes / (24 * 60))} days`);
  if (quota > ceilings.quota) throw refused(`a session signs at most ${String(ceilings.quota)} certificates`);
  const long = profiles.find(({ ca, maxValidityDays }) => maxValidityDays > (ca ? ceilings.authorityDays : ceilings.leafDays));
  if (long !== undefined) throw refused(`the profile “${long.name}” allows a validity that is too long`);
  if (kind === 'ceremony' && Date.parse(until) - now > limits.sessionMinutes.max * 60_000) throw refused('a ceremony ends within a day');
}

function checkAuthority(
  { key, certificate, profiles }: AuthorityTerms,
  known: ReadonlyMap<string, unknown>,
  points: ReadonlyMap<string, readonly string[]>,
  now: number,
): CheckedAuthority {
  const unknown = profiles.find((name) => !known.has(name));
  if (unknown !== undefined) throw refused(`the session does not have the profile “${unknown}”`);
  const own = points.get(key.ckaId);
  if (own === undefined) throw refused('the session does not say which revocation lists are those of a key');
  return { key: issuerKey(key, certificate, own, now), profiles: new Set(profiles) };
}

function compile(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: 'commonName', problem: 'this is not a regular expression' }, error);
  }
}

/** What an officer is shown before the PIN: only what the signer will hold the session to. */
export function shownTerms({ terms, authorities }: CheckedTerms): PinTerms {
  const { kind, token, tenants, quota, until, operator, reason, relearn, profiles } = terms;
  const names = authorities.map(({ key }) => commonNameOf(key.signer.authority?.subject ?? noName) ?? key.ref.spkiSha256);
  return {
    kind,
    token,
    issuers: names,
    profiles: profiles.map(({ name }) => name),
    tenants,
    quota: kind === 'crl-only' ? 0 : quota,
    until,
    operator,
    reason,
    relearn: relearn?.map(({ uri, number }) => ({ uri, number })) ?? null,
  };
}
const noName = new Uint8Array([0x30, 0]);
