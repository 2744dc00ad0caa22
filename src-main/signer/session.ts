import { randomUUID } from 'node:crypto';
import { Failure, type KeyProof, type KeyRef, type SessionTerms, type SigningSession } from '../contract/index.ts';
import {
  basicConstraintsOf,
  DerError,
  keyIdentifier,
  keyUsageBits,
  keyUsageOf,
  readCertificateDer,
  readPublicKeyInfo,
  sha256Hex,
  type TbsCertificate,
} from '../der/index.ts';
import { refused } from './errors.ts';
import { importSpki } from './keys.ts';
import type { CrlSignerKey } from './crl-rules.ts';
import type { Authority, CompiledProfile } from './rules.ts';

/** Terms that make sense, with what they name read and compiled. */
export interface CheckedTerms {
  readonly terms: SessionTerms;
  readonly profiles: ReadonlyMap<string, CompiledProfile>;
  /** The issuer's key; null in a ceremony. */
  readonly key: CrlSignerKey | null;
}

/** Checks terms before an officer is asked for a PIN. SESSION_REFUSED or INVALID_INPUT. */
export function checkTerms(terms: SessionTerms, now: number): CheckedTerms {
  if (Date.parse(terms.until) <= now) throw refused('the session would end before it begins');
  if (terms.kind !== 'ceremony' && terms.profiles.some((profile) => profile.ca))
    throw refused('only a ceremony may make the certificate of a CA');
  const profiles = new Map(terms.profiles.map((profile) => [profile.name, { ...profile, pattern: compile(profile.commonName) }]));
  if (terms.kind === 'ceremony') {
    if (terms.key !== null || terms.issuerCertificate !== null) throw refused('a ceremony makes its own keys');
    return { terms, profiles, key: null };
  }
  if (terms.key === null || terms.issuerCertificate === null) throw refused('a session needs the issuer’s key and certificate');
  return { terms, profiles, key: issuerKey(terms.key, terms.issuerCertificate, now) };
}

function compile(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch (error) {
    throw new Failure('INVALID_INPUT', { field: 'commonName', problem: 'this is not a regular expression' }, error);
  }
}

function issuerKey(ref: KeyRef, certificate: Uint8Array, now: number): CrlSignerKey {
  try {
    const { fields } = readCertificateDer(certificate);
    if (sha256Hex(fields.spki) !== ref.spkiSha256) throw refused('the issuer’s certificate is for another key');
    const authority = authorityOf(fields);
    if (authority === null) throw refused('the issuer’s certificate is not that of a CA');
    if (fields.notAfter <= now) throw refused('the issuer’s certificate has expired');
    return makeKey(ref, fields.spki, authority);
  } catch (error) {
    throw error instanceof DerError ? refused(`the issuer’s certificate is damaged: ${error.message}`) : error;
  }
}

function makeKey(ref: KeyRef, spki: Uint8Array, authority: Authority | null): CrlSignerKey {
  const { algorithm, described, bits } = readPublicKeyInfo(spki);
  if (algorithm === null) throw refused(`a key of type ${described} cannot sign here`);
  return { ref, algorithm, publicKey: importSpki(spki), signer: { algorithm, spki, keyId: keyIdentifier(bits), authority } };
}

/** What a CA certificate lets its key do; null for any other certificate. */
function authorityOf({ subject, notBefore, notAfter, extensions }: TbsCertificate): Authority | null {
  const constraints = basicConstraintsOf(extensions);
  if (constraints?.ca !== true || keyUsageOf(extensions)?.includes(keyUsageBits.keyCertSign) !== true) return null;
  return { subject, notBefore, notAfter, pathLength: constraints.pathLength };
}

/** An open session's account: what it may still do, and the keys it may do it with. Knows nothing of tokens. */
export class SessionAccount {
  readonly id = randomUUID();
  readonly terms: SessionTerms;
  readonly #profiles: ReadonlyMap<string, CompiledProfile>;
  readonly #keys = new Map<string, CrlSignerKey>();
  readonly #openedAt: number;
  #used = 0;
  #pending = 0;
  #lastUse: number;
  /** Times of the certificates of the last minute. */
  readonly #recent: number[] = [];

  constructor(checked: CheckedTerms, now: number) {
    this.terms = checked.terms;
    this.#profiles = checked.profiles;
    this.#openedAt = now;
    this.#lastUse = now;
    if (checked.key !== null) this.#keys.set(checked.key.ref.spkiSha256, checked.key);
  }

  view(): SigningSession {
    const { kind, issuer, profiles, quota, until, operator, reason } = this.terms;
    const names = profiles.map(({ name }) => name);
    return {
      id: this.id,
      kind,
      issuer,
      profiles: names,
      quota,
      used: this.#used,
      openedAt: new Date(this.#openedAt).toISOString(),
      until,
      operator,
      reason,
    };
  }

  /** Why it must close now; null while it may go on. */
  overdue(now: number): string | null {
    if (now >= Date.parse(this.terms.until)) return 'its time was up';
    return now - this.#lastUse >= this.terms.idleMinutes * 60_000 ? `nothing was signed for ${this.terms.idleMinutes} minutes` : null;
  }

  key(ref: KeyRef): CrlSignerKey {
    const key = this.#keys.get(ref.spkiSha256);
    if (key?.ref.ckaId !== ref.ckaId) throw refused('the session is not for this key');
    return key;
  }

  profile(name: string): CompiledProfile {
    const profile = this.#profiles.get(name);
    if (this.terms.kind === 'crl-only') throw refused('the session is for revocation lists only');
    if (profile === undefined) throw refused(`the session is not for the profile “${name}”`);
    return profile;
  }

  /** Takes one certificate out of quota and rate before the token is asked; `settle` says whether it was signed. */
  take(now: number): { readonly settle: (signed: boolean) => void } {
    const { quota, perMinute } = this.terms;
    if (this.#used + this.#pending >= quota) throw new Failure('SESSION_QUOTA_USED', { quota });
    while (this.#recent.length > 0 && (this.#recent[0] ?? 0) <= now - 60_000) this.#recent.shift();
    if (this.#recent.length >= perMinute) throw new Failure('SESSION_RATE', { perMinute });
    this.#recent.push(now);
    this.#pending++;
    return {
      settle: (signed) => {
        this.#pending--;
        if (signed) this.#used++;
      },
    };
  }

  touch(now: number): void {
    this.#lastUse = now;
  }

  /** A key that this ceremony has made. */
  addKey(proof: KeyProof): void {
    this.#keys.set(proof.key.spkiSha256, makeKey(proof.key, proof.spki, null));
  }

  /** In a ceremony, a signed CA certificate gives its key a name to sign under. */
  certified(tbs: TbsCertificate): void {
    if (this.terms.kind !== 'ceremony') return;
    const own = this.#keys.get(sha256Hex(tbs.spki));
    const authority = authorityOf(tbs);
    if (own !== undefined && authority !== null) this.#keys.set(own.ref.spkiSha256, { ...own, signer: { ...own.signer, authority } });
  }
}
