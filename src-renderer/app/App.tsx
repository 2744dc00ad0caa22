import { useEffect } from 'react';
import { FirstRun } from '../features/setup/FirstRun.tsx';
import { t } from '../i18n/index.ts';
import { Button } from '../ui/Button.tsx';
import { FailureCard } from '../ui/FailureCard.tsx';
import { Icon } from '../ui/Icon.tsx';
import { ServiceBanner } from './ServiceBanner.tsx';
import { Shell } from './Shell.tsx';
import { followStation, loadStatus, useStation } from './station.ts';

function Starting() {
  const failure = useStation((state) => state.failure);
  return (
    <main className="starting">
      <Icon name="mark" className="logo" />
      {failure === null ? (
        <p role="status">{t('app.starting')}</p>
      ) : (
        <FailureCard failure={failure}>
          <Button look="primary" onClick={() => void loadStatus()}>
            {t('common.tryAgain')}
          </Button>
        </FailureCard>
      )}
    </main>
  );
}

/** What the window shows follows from the station's phase: nothing yet, the first run, or the workplaces. */
export function App() {
  const status = useStation((state) => state.status);
  useEffect(followStation, []);
  if (status === null) return <Starting />;
  if (status.phase === 'ready') return <Shell status={status} />;
  return (
    <>
      <ServiceBanner />
      <FirstRun status={status} />
    </>
  );
}
