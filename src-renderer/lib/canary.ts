import type { BrokerView } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { since } from './format.ts';

/** What the last try of the canaries showed. */
export function canaryWord(canary: BrokerView['canary'], now: number): string {
  if (canary === null) return t('broker.canary.none');
  const age = since(canary.at, now);
  if (!canary.revokedRefused) return t('broker.canary.admitted', { age });
  return canary.goodAccepted ? t('broker.canary.good', { age }) : t('broker.canary.refused', { age });
}
