import { useState } from 'react';
import type { BrokerView, ProbeStep, RecordsView, StationStatus } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { call } from '../lib/client.ts';
import { since } from '../lib/format.ts';
import { useNow } from '../lib/ticker.ts';
import { useAction } from '../lib/use-action.ts';
import { Button } from '../ui/Button.tsx';
import { CanaryWord } from '../ui/CanaryWord.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { FailureCard } from '../ui/FailureCard.tsx';
import { Icon } from '../ui/Icon.tsx';
import { KeyValue } from '../ui/KeyValue.tsx';
import { Unknown } from '../ui/Unknown.tsx';
import { useSources, useStation } from './station.ts';

const marks = {
  PASS: { icon: 'pass', tone: 'tone-pass' },
  FAIL: { icon: 'fail', tone: 'tone-fail' },
  SKIPPED: { icon: 'skipped', tone: 'tone-idle' },
} as const;

function Probe({ step }: { readonly step: ProbeStep }) {
  const { icon, tone } = marks[step.result];
  return (
    <li className={step.result === 'SKIPPED' ? 'muted' : undefined}>
      <Icon name={icon} className={tone} />
      <span className="unseen">{t(`broker.step.${step.result}`)}:</span>
      <b>{step.name}</b>
      <span className="small muted">{step.value}</span>
    </li>
  );
}

const waitingWord = (waiting: number, oldest: string | null, now: number, word: 'broker.waitingSince' | 'broker.outbox.value'): string =>
  waiting === 0 ? t('common.none') : t(word, { n: waiting, span: oldest === null ? t('unknown.word') : since(oldest, now) });

/** One central database in words: reached or not, and what waits for it. */
const recordsWord = ({ state, waiting, waitingSince }: RecordsView, now: number): string =>
  t('broker.records.value', { state: t(`broker.state.${state}`), waiting: waitingWord(waiting, waitingSince, now, 'broker.outbox.value') });

/** Each database a line of its own: its name is as long as its host's. */
function Records({ records }: { readonly records: readonly RecordsView[] }) {
  const now = useNow();
  return records.map((one) => (
    <div key={one.name}>
      <span className="mono">{one.name}</span> {recordsWord(one, now)}
    </div>
  ));
}

interface FactsProps extends Pick<StationStatus, 'outbox' | 'records'> {
  readonly broker: BrokerView;
}

/** How the broker host does, and what waits for it and for the central records. */
export function BrokerFacts({ broker, outbox, records }: FactsProps) {
  const now = useNow();
  return (
    <KeyValue
      rows={[
        [t('broker.address'), <span key="address" className="mono">{`${broker.host}:${broker.port}`}</span>],
        [t('broker.state'), t('broker.stateSince', { state: t(`broker.state.${broker.state}`), span: since(broker.since, now) })],
        [t('broker.canary'), <CanaryWord key="canary" canary={broker.canary} />],
        [t('broker.waiting'), waitingWord(broker.waiting, broker.waitingSince, now, 'broker.waitingSince')],
        [t('broker.outbox'), waitingWord(outbox.waiting, outbox.oldest, now, 'broker.outbox.value')],
        ...(records.length === 0 ? [] : [[t('broker.records'), <Records key="records" records={records} />] as const]),
      ]}
    />
  );
}

/** How the broker host does, and a check of the way to it. */
export function BrokerDialog({ onClose }: { readonly onClose: () => void }) {
  const status = useStation((state) => state.status);
  const isKnown = useSources().station;
  const broker = status?.broker ?? null;
  const [probes, setProbes] = useState<readonly ProbeStep[]>([]);
  const { busy, failure, run } = useAction();
  const broken = probes.find((step) => step.failure !== null)?.failure ?? broker?.failure ?? null;
  return (
    <Dialog title={broker === null ? t('broker.none') : t('broker.title', { name: broker.name })} onClose={onClose}>
      <div className="body">
        {isKnown ? null : <Unknown>{t('unknown.last')}</Unknown>}
        {status === null || broker === null ? null : <BrokerFacts broker={broker} outbox={status.outbox} records={status.records} />}
        {probes.length === 0 ? null : (
          <ul className="probes">
            {probes.map((step) => (
              <Probe key={step.name} step={step} />
            ))}
          </ul>
        )}
        {broken === null ? null : <FailureCard failure={broken} />}
        {failure === null ? null : <FailureCard failure={failure} />}
        <div className="buttons">
          <Button onClick={onClose}>{t('common.close')}</Button>
          <Button
            look="primary"
            disabled={busy || broker === null}
            onClick={() => void run(async () => setProbes(await call('verify.broker', {})))}
          >
            {busy ? t('broker.checking') : t('broker.check')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
