import type { BrokerView, CrlView, StationStatus } from '../../../src-main/contract/models.ts';
import { CanaryWord } from '../../ui/CanaryWord.tsx';
import { t } from '../../i18n/index.ts';
import { bytes, count, dateTimeZone, dayAndTime, isAhead, since, span } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { Blank } from '../../ui/Blank.tsx';
import { Card } from '../../ui/Card.tsx';
import { KeyValue } from '../../ui/KeyValue.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { AgeGauge } from './AgeGauge.tsx';

export function Published({ crl, broker, now }: { readonly crl: CrlView; readonly broker: BrokerView | null; readonly now: number }) {
  if (!isAhead(crl.nextUpdate, now)) return <Pill tone="fail">{t('crl.expired')}</Pill>;
  if (crl.publishedAt === null) return <Pill tone="hold">{t('crl.notPublished')}</Pill>;
  if (broker === null) return <Pill tone="unknown">{t('crl.noHost')}</Pill>;
  const host = broker.name;
  if (broker.state !== 'up' || broker.failure !== null) return <Pill tone="unknown">{t('crl.hostUnknown', { host })}</Pill>;
  return broker.waiting === 0 ? (
    <Pill tone="pass">{t('crl.current', { host })}</Pill>
  ) : (
    <Pill tone="hold">{t('crl.waiting', { host })}</Pill>
  );
}

/** The list of the revoked: how old, how long, and whether the broker obeys it. */
export function CrlCard({ status }: { readonly status: Pick<StationStatus, 'crl' | 'broker'> }) {
  const now = useNow();
  const { crl, broker } = status;
  if (crl === null) {
    return (
      <Card title={t('crl.title')} label={t('crl.title')}>
        <Blank icon="security" title={t('crl.none.title')}>
          {t('crl.none')}
        </Blank>
      </Card>
    );
  }
  const issued = Date.parse(crl.thisUpdate);
  const life = Date.parse(crl.nextUpdate) - issued;
  const age = since(crl.thisUpdate, now);
  return (
    <Card title={t('crl.title')} label={t('crl.title')} aside={<Published crl={crl} broker={broker} now={now} />}>
      <div className="gauge-row">
        <AgeGauge share={(now - issued) / life} word={age} label={t('crl.age', { age, life: span(life) })} />
        <KeyValue
          rows={[
            [t('crl.number'), count(crl.number)],
            [t('crl.entries'), t('crl.entries.value', { n: count(crl.entries), bytes: bytes(crl.bytes) })],
            [
              t('crl.next'),
              <span key="next" title={dateTimeZone(crl.nextUpdate)}>
                {dayAndTime(crl.nextUpdate, now)}
              </span>,
            ],
            [t('crl.canary'), <CanaryWord key="canary" canary={broker?.canary ?? null} />],
          ]}
        />
      </div>
    </Card>
  );
}
