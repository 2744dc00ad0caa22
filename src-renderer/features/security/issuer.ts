import type { IssuerView, StationStatus } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import type { Tone } from '../../ui/tone.ts';

/** The issuer that matters now: the session's, else the CRL's, else the newest. */
export function mainIssuer({ issuers, session, crl }: Pick<StationStatus, 'issuers' | 'session' | 'crl'>): IssuerView | null {
  const byId = (id: string | undefined): IssuerView | undefined => issuers.find((issuer) => issuer.id === id);
  return byId(session?.issuer) ?? byId(crl?.issuer) ?? issuers.at(-1) ?? null;
}

/** The common name of a subject such as `CN=Line 2 issuing CA,O=Acme`, or the subject as it is. */
export const nameOf = ({ subject }: Pick<IssuerView, 'subject'>): string => /CN=([^,]+)/u.exec(subject)?.[1] ?? subject;

const neededProof: readonly (readonly [string, string])[] = [
  ['CKA_SENSITIVE', 'true'],
  ['CKA_EXTRACTABLE', 'false'],
];

/** Whether the attributes read back from the token say that the key cannot leave it. */
export const isProven = ({ proof }: Pick<IssuerView, 'proof'>): boolean =>
  neededProof.every(([attribute, wanted]) => proof.some((one) => one.attribute === attribute && one.value.toLowerCase() === wanted));

interface KeyClaim {
  readonly tone: Tone;
  readonly word: string;
}

/** Where the issuer's key is. Good only for a token that is there and says that it is hardware, with the attributes that were read back. */
export function keyClaim(issuer: Pick<IssuerView, 'proof'>, { state, view }: StationStatus['token']): KeyClaim {
  if (view === null || state === 'absent' || state === 'none') return { tone: 'unknown', word: t('issuer.unknown') };
  if (view.software) return { tone: 'hold', word: t('issuer.software') };
  return isProven(issuer) ? { tone: 'pass', word: t('issuer.proven') } : { tone: 'unknown', word: t('issuer.unproven') };
}
