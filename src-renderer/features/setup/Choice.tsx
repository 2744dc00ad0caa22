import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { showConfirm } from './store.ts';

/** The two ways to begin. */
export function Choice() {
  return (
    <div className="choices">
      <section className="card lead" aria-label={t('setup.tryOut.title')}>
        <h2>{t('setup.tryOut.title')}</h2>
        <p>{t('setup.tryOut.what')}</p>
        <ul className="made">
          <li>
            <Icon name="key" />
            {t('setup.tryOut.token')}
          </li>
          <li>
            <Icon name="security" />
            {t('setup.tryOut.broker')}
          </li>
          <li>
            <Icon name="plug" />
            {t('setup.tryOut.units')}
          </li>
        </ul>
        <div className="go">
          <Button look="primary" size="large" autoFocus onClick={showConfirm}>
            {t('setup.tryOut.button')}
          </Button>
          <Pill tone="hold">{t('setup.tryOut.warning')}</Pill>
        </div>
      </section>
      <section className="card" aria-label={t('setup.real.title')}>
        <h2>{t('setup.real.title')}</h2>
        <p>{t('setup.real.what')}</p>
        <code className="command">{t('setup.real.command')}</code>
        <p className="small">{t('setup.real.hint')}</p>
      </section>
    </div>
  );
}
