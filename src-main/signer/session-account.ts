import { randomUUID } from 'node:crypto';
import { Failure, type KeyProof, type KeyRef, type SessionTerms, type SigningSession } from '../contract/index.ts';
import { sha256Hex, type TbsCertificate } from '../der/index.ts';
import type { CertificateScope, CompiledProfile } from './certificate-rules.ts';
import { refused } from './failures.ts';
import { authorityOf, type CheckedAuthority, type IssuerKey, makeKey } from './issuer-key.ts';
import type { CheckedTerms } from './terms.ts';
/** The same moment on two clocks, in ms: the one on the wall, which people set, and one that only ever goes forward. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** An open session's account: what it may still do, and the keys it may do it with. Knows nothing of tokens. */
export class SessionAccount {
  readonly id = randomUUID();
  readonly terms: SessionTerms;
  readonly #profiles: ReadonlyMap<string, CompiledProfile>;
  readonly #points: ReadonlyMap<string, readonly string[]>;
  readonly #keys = new Map<string, CheckedAuthority>();
  readonly #openedAt: Moment;
  #used = 0;
  #pending = 0;
  #lastUse: Moment;
  /** Times of the certificates of the last minute. */
  readonly #recent: number[] = [];

  constructor(checked: CheckedTerms, now: Moment) {
    this.terms = checked.terms;
    this.#profiles = checked.profiles;
    this.#points = checked.points;
    this.#openedAt = now;
    this.#lastUse = now;
    for (const authority of checked.authorities) this.#keys.set(authority.key.ref.spkiSha256, authority);
  }

  view(): SigningSession {
    const { kind, issuer, profiles, quota, until, idleMinutes, perMinute, operator, reason } = this.terms;
    const names = profiles.map(({ name }) => name);
    return {
      id: this.id,
      kind,
      issuer,
      profiles: names,
      quota,
      used: this.#used,
      openedAt: new Date(this.#openedAt.wall).toISOString(),
      until,
      idleMinutes,
      perMinute,
      operator,
      reason,
    };
  }

  /** Why it must close now; null while it may go on. A clock that is set back makes no session longer. */
  overdue(now: Moment): string | null {
    const { until, idleMinutes } = this.terms;
    if (now.wall >= Date.parse(until) || now.steady - this.#openedAt.steady >= Date.parse(until) - this.#openedAt.wall)
      return 'its time was up';
    const idle = Math.max(now.wall - this.#lastUse.wall, now.steady - this.#lastUse.steady);
    return idle >= idleMinutes * 60_000 ? `nothing was signed for ${String(idleMinutes)} minutes` : null;
  }

  /** Whole minutes until its end. */
  minutesLeft(now: Moment): number {
    return Math.ceil((Date.parse(this.terms.until) - now.wall) / 60_000);
  }

  key(ref: KeyRef): IssuerKey {
    return this.#authority(ref).key;
  }

  #authority(ref: KeyRef): CheckedAuthority {
    const authority = this.#keys.get(ref.spkiSha256);
    if (authority?.key.ref.ckaId !== ref.ckaId) throw refused('the session is not for this key');
    return authority;
  }

  /** What a certificate has to agree with besides its profile. */
  get scope(): Omit<CertificateScope, 'isAuthorityKey'> {
    return { tenants: this.terms.tenants, isOnToken: (spki) => this.#keys.has(sha256Hex(spki)) };
  }

  /** The profile, if this key may sign under it. */
  profile(name: string, ref: KeyRef): CompiledProfile {
    const profile = this.#profiles.get(name);
    if (this.terms.kind === 'crl-only') throw refused('the session is for revocation lists only');
    if (profile === undefined) throw refused(`the session is not for the profile “${name}”`);
    if (this.#authority(ref).profiles?.has(name) === false) throw refused(`this issuer does not sign under the profile “${name}”`);
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

  touch(now: Moment): void {
    this.#lastUse = now;
  }

  /** A key that this ceremony has made, now or before it was interrupted. One that came with its certificate keeps that. */
  addKey(proof: KeyProof): void {
    if (this.#keys.has(proof.key.spkiSha256)) throw refused('this key has a certificate already');
    const points = this.#points.get(proof.key.ckaId);
    if (points === undefined) throw refused('the ceremony is not for this key');
    this.#keys.set(proof.key.spkiSha256, { key: makeKey(proof.key, proof.spki, null, points, null), profiles: null });
  }

  /** In a ceremony, a signed CA certificate gives its key a name to sign under. */
  certified(tbs: TbsCertificate): void {
    if (this.terms.kind !== 'ceremony') return;
    const own = this.#keys.get(sha256Hex(tbs.spki));
    const authority = authorityOf(tbs);
    // A CA that was there before keeps the certificate that the session was opened with.
    if (own?.profiles !== null || authority === null) return;
    this.#keys.set(own.key.ref.spkiSha256, { ...own, key: { ...own.key, signer: { ...own.key.signer, authority } } });
  }
}
