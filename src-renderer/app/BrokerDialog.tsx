import { useState } from 'react';
import type { BrokerView, ProbeStep, RecordsView } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { canaryWord } from '../lib/canary.ts';
import { call } from '../lib/client.ts';
import { since } from '../lib/format.ts';
import { useNow } from '../lib/ticker.ts';
import { useAction } from '../lib/use-action.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { FailureCard } from '../ui/FailureCard.tsx';
import { Icon } from '../ui/Icon.tsx';
import { KeyValue } from '../ui/KeyValue.tsx';
import { useStation } from './station.ts';

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
  waiting === 0 || oldest === null ? t('common.none') : t(word, { n: waiting, span: since(oldest, now) });

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

const none: readonly RecordsView[] = [];

function Facts({ broker }: { readonly broker: BrokerView }) {
  const now = useNow();
  const outbox = useStation((state) => state.status?.outbox);
  const records = useStation((state) => state.status?.records ?? none);
  return (
    <KeyValue
      rows={[
        [t('broker.address'), <span key="address" className="mono">{`${broker.host}:${broker.port}`}</span>],
        [t('broker.state'), t('broker.stateSince', { state: t(`broker.state.${broker.state}`), span: since(broker.since, now) })],
        [t('broker.canary'), canaryWord(broker.canary, now)],
        [t('broker.waiting'), waitingWord(broker.waiting, broker.waitingSince, now, 'broker.waitingSince')],
        [t('broker.outbox'), waitingWord(outbox?.waiting ?? 0, outbox?.oldest ?? null, now, 'broker.outbox.value')],
        ...(records.length === 0 ? [] : [[t('broker.records'), <Records key="records" records={records} />] as const]),
      ]}
    />
  );
}

/** How the broker host does, and a check of the way to it. */
export function BrokerDialog({ onClose }: { readonly onClose: () => void }) {
  const broker = useStation((state) => state.status?.broker ?? null);
  const [probes, setProbes] = useState<readonly ProbeStep[]>([]);
  const { busy, failure, run } = useAction();
  const broken = probes.find((step) => step.failure !== null)?.failure ?? broker?.failure ?? null;
  return (
    <Dialog title={broker === null ? t('broker.none') : t('broker.title', { name: broker.name })} onClose={onClose}>
      <div className="body">
        {broker === null ? null : <Facts broker={broker} />}
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
