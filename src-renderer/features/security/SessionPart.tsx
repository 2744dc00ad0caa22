import type { SigningSession } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { count, countdown, timeOfDay } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { useAction } from '../../lib/use-action.ts';
import { Bar } from '../../ui/Bar.tsx';
import { Button } from '../../ui/Button.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';

function Open({ session }: { readonly session: SigningSession }) {
  const now = useNow();
  const close = useAction();
  const { value, unit } = countdown(Date.parse(session.until) - now);
  const left = session.quota - session.used;
  const ofLeft = t('session.ofLeft', { quota: count(session.quota) });
  return (
    <>
      <div className="eyebrow">
        {t('session.eyebrow', { time: timeOfDay(session.openedAt), operator: session.operator, reason: session.reason })}
      </div>
      <div className="figures">
        <div className="big">
          {count(left)}
          <small> {session.kind === 'issue' ? ofLeft : t('session.crlOnly')}</small>
        </div>
        <div className="big">
          {value}
          <small> {t('session.timeLeft', { unit })}</small>
        </div>
        <span className="spring" />
        <Button disabled={close.busy} onClick={() => void close.run(() => call('sessions.close', {}))}>
          {t('session.close')}
        </Button>
      </div>
      <Bar label={`${count(left)} ${ofLeft}`} parts={[{ tone: 'busy', share: left / session.quota }]} />
      {close.failure === null ? null : <FailureCard failure={close.failure} />}
    </>
  );
}

/** The permission to sign: what is left of it, or that there is none. */
export function SessionPart({ session, tokenAbsent }: { readonly session: SigningSession | null; readonly tokenAbsent: boolean }) {
  return (
    <div className="session">
      {session === null ? (
        <>
          <b>{t(tokenAbsent ? 'session.absent' : 'session.none')}</b>
          <span className="small muted">{t(tokenAbsent ? 'session.absent.what' : 'session.none.what')}</span>
        </>
      ) : (
        <Open session={session} />
      )}
    </div>
  );
}
