import type { StationStatus } from '../../../src-main/contract/models.ts';
import type { Tone } from '../../ui/tone.ts';
import { t } from '../../i18n/index.ts';
import { isAhead, since } from '../../lib/format.ts';

interface RevocationVerdict {
  readonly tone: Tone;
  readonly sentence: string;
}

/** Canaries are tried once a minute. */
const canaryGoodMs = 10 * 60_000;

const wrong = (sentence: string): RevocationVerdict => ({ tone: 'fail', sentence });
const unknown = (sentence: string): RevocationVerdict => ({ tone: 'unknown', sentence });
const open = (sentence: string): RevocationVerdict => ({ tone: 'hold', sentence });

/**
 * One sentence that sums up whether revoked means refused, worst first. The good sentence is earned: a current list, a
 * broker that answers, a canary that was refused just now, and nothing on its way. `pending` is null while it is not known;
 * `isKnown`: the station answers.
 */
export function revocationVerdict(
  { crl, broker }: Pick<StationStatus, 'crl' | 'broker'>,
  pending: number | null,
  now: number,
  isKnown: boolean,
): RevocationVerdict {
  if (!isKnown) return unknown(t('security.verdict.last'));
  if (broker?.canary?.revokedRefused === false) return wrong(t('security.verdict.admitted'));
  if (crl === null) return open(t('security.verdict.noCrl'));
  if (!isAhead(crl.nextUpdate, now)) return wrong(t('security.verdict.crlExpired'));
  if (broker === null) return open(t('security.verdict.noBroker'));
  if (broker.state === 'away') return wrong(t('security.verdict.brokerAway'));
  if (broker.state === 'starting') return open(t('security.verdict.brokerStarting'));
  if (broker.failure !== null) return wrong(t('security.verdict.brokerFault'));
  if (broker.canary === null) return unknown(t('security.verdict.unproven'));
  if (!broker.canary.goodAccepted) return wrong(t('security.verdict.goodRefused'));
  if (!isAhead(broker.canary.at, now - canaryGoodMs)) return unknown(t('security.verdict.old', { age: since(broker.canary.at, now) }));
  if (crl.publishedAt === null || broker.waiting > 0) return open(t('security.verdict.waiting'));
  if (pending === null) return unknown(t('security.verdict.checking'));
  if (pending > 0) return open(pending === 1 ? t('security.verdict.pending.one') : t('security.verdict.pending.other', { n: pending }));
  return { tone: 'pass', sentence: t('security.verdict.refused') };
}
