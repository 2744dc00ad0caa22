import type {
  CertificateStatus,
  CertificateUse,
  KeyAlgorithm,
  ProofLevel,
  RevocationReason,
  Role,
  RunGap,
  RunStep,
} from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import type { Tone } from '../ui/tone.ts';

/** The contract's words in the reader's language. */
export const stepLabel = (step: RunStep): string => t(`step.${step}`);
export const proofLabel = (level: ProofLevel): string => t(`proof.${level}`);
/** What a PASS does without, as one list; null: nothing. */
export const gapsLabel = (gaps: readonly RunGap[]): string | null =>
  gaps.length === 0 ? null : t('slot.without', { gaps: gaps.map((gap) => t(`gap.${gap}`)).join(', ') });
export const reasonLabel = (reason: RevocationReason): string => t(`reason.${reason}`);
export const algorithmLabel = (algorithm: KeyAlgorithm): string => t(`algorithm.${algorithm}`);
export const roleLabel = (role: Role): string => t(`role.${role}`);
export const useLabel = (use: CertificateUse): string => t(`use.${use}`);
export const certificateLabel = (status: CertificateStatus): string => t(`certificate.${status}`);

export const certificateTone: Readonly<Record<CertificateStatus, Tone>> = {
  RESERVED: 'idle',
  SIGNED: 'busy',
  ACTIVE: 'pass',
  ROTATING: 'pass',
  EXPIRED: 'idle',
  REVOKED: 'fail',
};

const whos = ['technician', 'officer', 'support', 'administrator', 'device maker', 'anybody'] as const;

/** `who` of the catalogue as words; one that is not known is shown as it is. */
export function whoCan(who: string): string {
  const known = whos.find((one) => one === who);
  return known === undefined ? who : t(`who.${known}`);
}
