import type { StationStatus } from '../../../src-main/contract/models.ts';
import { useEffect } from 'react';
import { askForSession, openDialog } from '../../app/dialogs.ts';
import { useSources } from '../../app/station.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { useNow } from '../../lib/ticker.ts';
import { useAction } from '../../lib/use-action.ts';
import { Button } from '../../ui/Button.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { CrlCard } from './CrlCard.tsx';
import { IssuerCard } from './IssuerCard.tsx';
import { RecentCard } from './RecentCard.tsx';
import { followRevocations, useRevocations } from './revocations.ts';
import { RevokingCard } from './RevokingCard.tsx';
import { revocationVerdict } from './revocation-verdict.ts';

/** The officer's screen: what is true, who may sign, what is revoked. */
export function SecurityScreen({ status }: { readonly status: StationStatus }) {
  const { pending, failure } = useRevocations();
  const isKnown = useSources().station;
  const publish = useAction();
  const now = useNow();
  useEffect(followRevocations, []);
  const truth = revocationVerdict(status, pending, now, isKnown);
  return (
    <>
      <header className="title-bar">
        <div>
          <div className="eyebrow">{t('security.eyebrow')}</div>
          <h1 className={truth.tone === 'pass' ? undefined : `tone-${truth.tone}`} aria-live="polite">
            {truth.sentence}
          </h1>
        </div>
        <div className="row">
          <Button disabled={publish.busy} onClick={() => void publish.run(() => call('crl.publish', {}))}>
            {publish.busy ? t('security.publishing') : t('security.publish')}
          </Button>
          <Button look="danger" hint="R" onClick={() => openDialog({ kind: 'revoke', selector: null })}>
            {t('security.revoke')}
          </Button>
          <Button look="primary" hint="O" disabled={status.session !== null} onClick={askForSession}>
            {t('security.open')}
          </Button>
        </div>
      </header>
      <main className="security">
        {status.alarms.map(({ id, level, failure: alarm }) => (
          <FailureCard key={id} failure={alarm} level={level === 'alarm' ? 'error' : 'warning'} />
        ))}
        {publish.failure === null ? null : <FailureCard failure={publish.failure} />}
        {failure === null ? null : <FailureCard failure={failure} />}
        <div className="cards">
          <IssuerCard status={status} />
          <CrlCard status={status} />
          <RevokingCard />
          <RecentCard />
        </div>
      </main>
    </>
  );
}
