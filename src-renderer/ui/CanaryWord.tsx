import type { BrokerView } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { since } from '../lib/format.ts';
import { useNow } from '../lib/ticker.ts';
import { Unknown } from './Unknown.tsx';

/** What the last try of the canaries showed. */
export function CanaryWord({ canary }: Pick<BrokerView, 'canary'>) {
  const now = useNow();
  if (canary === null) return <Unknown>{t('broker.canary.none')}</Unknown>;
  const age = since(canary.at, now);
  if (canary.revokedRefused && canary.goodAccepted) return t('broker.canary.good', { age });
  return <b className="tone-fail">{t(canary.revokedRefused ? 'broker.canary.refused' : 'broker.canary.admitted', { age })}</b>;
}
