import { tryOutPin } from '../../../src-main/contract/signer.ts';
import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { KeyValue } from '../../ui/KeyValue.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { showChoice, startTryOut, useSetup } from './store.ts';

/** Says what will be made before it is made. */
export function Confirm({ dataDir }: { readonly dataDir: string }) {
  const failure = useSetup((state) => state.failure);
  return (
    <section className="card panel" aria-label={t('setup.confirm.title')}>
      <h2>{t('setup.confirm.title')}</h2>
      <KeyValue
        rows={[
          [
            t('setup.confirm.folder'),
            <span key="folder" className="mono small">
              {dataDir}
            </span>,
          ],
          [t('setup.confirm.token'), t('setup.confirm.token.value', { pin: tryOutPin })],
          [t('setup.confirm.broker'), t('setup.confirm.broker.value')],
          [t('setup.confirm.units'), t('setup.confirm.units.value')],
        ]}
      />
      <p className="small">{t('setup.confirm.intro')}</p>
      <div>
        <Pill tone="hold">{t('setup.tryOut.warning')}</Pill>
      </div>
      {failure === null ? null : <FailureCard failure={failure} />}
      <div className="go">
        <Button look="primary" size="large" autoFocus onClick={() => void startTryOut()}>
          {failure === null ? t('setup.confirm.start') : t('common.tryAgain')}
        </Button>
        <Button size="large" onClick={showChoice}>
          {t('common.back')}
        </Button>
      </div>
    </section>
  );
}
