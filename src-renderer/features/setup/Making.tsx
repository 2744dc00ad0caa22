import { useStation } from '../../app/station.ts';
import { t } from '../../i18n/index.ts';
import { Bar } from '../../ui/Bar.tsx';

/** What is being made right now, as the station says it. */
export function Making() {
  const progress = useStation((state) => state.setup);
  const share = progress === null || progress.total === 0 ? 0 : progress.done / progress.total;
  const steps = progress === null ? '' : t('setup.progress.steps', { done: progress.done, total: progress.total });
  return (
    <section className="card panel progress" aria-label={t('setup.progress.title')}>
      <h2>{t('setup.progress.title')}</h2>
      <p className="step" role="status">
        {progress?.step ?? t('setup.progress.first')}
      </p>
      <Bar label={`${t('setup.progress.title')} ${steps}`} parts={[{ tone: 'busy', share }]} />
      <p className="small">
        {steps === '' ? null : `${steps} · `}
        {t('setup.progress.hint')}
      </p>
    </section>
  );
}
