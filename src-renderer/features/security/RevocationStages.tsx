import type { RevocationView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { dateTimeZone, preciseTime, took } from '../../lib/format.ts';

function Stage({ name, at, detail }: { readonly name: string; readonly at: string | null; readonly detail: string }) {
  return (
    <li className={at === null ? 'ahead' : 'reached'} title={at === null ? undefined : dateTimeZone(at)}>
      <b>{name}</b>
      <span className="small muted">{detail}</span>
    </li>
  );
}

const effectiveDetail = ({ effectiveAt, liveSessionGoneMs }: RevocationView): string => {
  if (effectiveAt === null) return t('revoking.effective.waiting');
  const time = preciseTime(effectiveAt);
  return liveSessionGoneMs === null
    ? t('revoking.effective', { time })
    : t('revoking.effective.gone', { time, ms: took(liveSessionGoneMs) });
};

/** RECORDED → PUBLISHED → EFFECTIVE with the time of each. */
export function RevocationStages({ revocation }: { readonly revocation: RevocationView }) {
  const { recordedAt, publishedAt, effectiveAt, operator, crlNumber } = revocation;
  return (
    <ol className="stages" aria-live="polite">
      <Stage name={t('state.RECORDED')} at={recordedAt} detail={t('revoking.recorded', { time: preciseTime(recordedAt), operator })} />
      <Stage
        name={t('state.PUBLISHED')}
        at={publishedAt}
        detail={
          publishedAt === null
            ? t('revoking.published.waiting')
            : t('revoking.published', { time: preciseTime(publishedAt), number: crlNumber ?? t('unknown.word') })
        }
      />
      <Stage name={t('state.EFFECTIVE')} at={effectiveAt} detail={effectiveDetail(revocation)} />
    </ol>
  );
}
