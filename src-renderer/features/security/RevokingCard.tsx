import type { RevocationView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { took } from '../../lib/format.ts';
import { useNowFine } from '../../lib/ticker.ts';
import { reasonLabel } from '../../lib/labels.ts';
import { Blank } from '../../ui/Blank.tsx';
import { Card } from '../../ui/Card.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { useRevocations } from './revocations.ts';
import { RevocationStages } from './RevocationStages.tsx';

function Running({ since }: { readonly since: string }) {
  const now = useNowFine();
  return <Pill tone="busy">{took(Math.max(0, now - Date.parse(since)))}</Pill>;
}

function Speed({ revocation }: { readonly revocation: RevocationView }) {
  const { recordedAt, effectiveAt } = revocation;
  if (effectiveAt === null) return <Running since={recordedAt} />;
  return <Pill tone="pass">{t('revoking.after', { span: took(Date.parse(effectiveAt) - Date.parse(recordedAt)) })}</Pill>;
}

/** The revocation to watch: the latest that is not in force, otherwise the latest. */
export function RevokingCard() {
  const rows = useRevocations((state) => state.rows);
  const revocation = rows?.find(({ state }) => state !== 'EFFECTIVE') ?? rows?.[0];
  if (rows === null) {
    return (
      <Card title={t('recent.title')} label={t('recent.title')}>
        <Blank icon="unknown" title={t('revoking.unread.title')}>
          {t('revoking.unread')}
        </Blank>
      </Card>
    );
  }
  if (revocation === undefined) {
    return (
      <Card title={t('recent.title')} label={t('revoking.none.title')}>
        <Blank icon="security" title={t('revoking.none.title')}>
          {t('revoking.none')}
        </Blank>
      </Card>
    );
  }
  const words = { device: revocation.device, reason: reasonLabel(revocation.reason) };
  const title = revocation.state === 'EFFECTIVE' ? t('revoked.title', words) : t('revoking.title', words);
  return (
    <Card title={title} label={title} aside={<Speed revocation={revocation} />}>
      <RevocationStages revocation={revocation} />
      {revocation.note === '' ? null : <p className="small muted">“{revocation.note}”</p>}
    </Card>
  );
}
