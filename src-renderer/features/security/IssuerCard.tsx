import type { IssuerView, StationStatus, TokenView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { count, date, shortHex, until } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { algorithmLabel } from '../../lib/labels.ts';
import { Blank } from '../../ui/Blank.tsx';
import { Card } from '../../ui/Card.tsx';
import { Copyable } from '../../ui/Copyable.tsx';
import { KeyValue } from '../../ui/KeyValue.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { keyClaim, mainIssuer, nameOf } from './issuer.ts';
import { SessionPart } from './SessionPart.tsx';

function pinWord({ triesLeft, pinState }: TokenView): string {
  if (triesLeft !== null) return t('issuer.pin.tries', { n: triesLeft });
  // Its flags say that nothing went wrong lately, and not how many tries are left.
  return pinState === 'ok' ? t('issuer.pin.unread') : t(`issuer.pin.${pinState}`);
}

function TokenLine({ token: { view, state } }: { readonly token: StationStatus['token'] }) {
  if (view === null) return <span className={state === 'none' ? undefined : 'tone-unknown'}>{t(`status.token.${state}`)}</span>;
  return (
    <>
      {view.model} · <span className="mono">{view.serial}</span> ·{' '}
      {state === 'absent' ? <b className="tone-fail">{t('status.token.absent')}</b> : pinWord(view)}
    </>
  );
}

function IssuerLines({
  issuer,
  others,
  status,
}: {
  readonly issuer: IssuerView;
  readonly others: readonly IssuerView[];
  readonly status: StationStatus;
}) {
  const now = useNow();
  const { active, expired, revoked } = issuer;
  return (
    <KeyValue
      rows={[
        [t('issuer.token'), <TokenLine key="token" token={status.token} />],
        [
          t('issuer.key'),
          <span key="key" title={issuer.proof.map(({ attribute, value }) => `${attribute} = ${value}`).join('\n')}>
            {t('issuer.key.made', { algorithm: algorithmLabel(issuer.algorithm), date: date(issuer.createdAt) })}
          </span>,
        ],
        [
          t('issuer.certificate'),
          <span key="certificate">
            {t('issuer.until', { date: date(issuer.notAfter), left: until(issuer.notAfter, now) })} ·{' '}
            <Copyable what={t('registry.col.fingerprint')} value={issuer.fingerprint} shown={shortHex(issuer.fingerprint)} />
          </span>,
        ],
        [t('issuer.issued'), t('issuer.counts', { active: count(active), expired: count(expired), revoked: count(revoked) })],
        ...(others.length === 0 ? [] : [[t('issuer.others'), others.map(nameOf).join(', ')] as const]),
      ]}
    />
  );
}

/** Who signs, with which key, and under which permission. */
export function IssuerCard({ status }: { readonly status: StationStatus }) {
  const issuer = mainIssuer(status);
  if (issuer === null) {
    return (
      <Card title={t('issuer.none')} label={t('issuer.none')}>
        <Blank icon="key" title={t('issuer.none.title')}>
          {t('issuer.none.what')}
        </Blank>
      </Card>
    );
  }
  const others = status.issuers.filter(({ id }) => id !== issuer.id);
  const title = t('issuer.title', { name: nameOf(issuer) });
  const claim = keyClaim(issuer, status.token);
  return (
    <Card title={title} label={title} aside={<Pill tone={claim.tone}>{claim.word}</Pill>}>
      <IssuerLines issuer={issuer} others={others} status={status} />
      <SessionPart session={status.session} tokenAbsent={status.token.state === 'absent'} />
    </Card>
  );
}
