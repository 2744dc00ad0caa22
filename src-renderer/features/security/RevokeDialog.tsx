import { useEffect, useState } from 'react';
import type { Selector } from '../../../src-main/contract/calls.ts';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import type { CertificateRow, RevocationView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { useAction } from '../../lib/use-action.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { followRevocations, takeRevocation, useRevocations } from './revocations.ts';
import { RevokeConfirm } from './RevokeConfirm.tsx';
import { RevokeFind } from './RevokeFind.tsx';
import { selectorText } from './selector.ts';
import { RevocationStages } from './RevocationStages.tsx';

interface Found {
  readonly selector: Selector;
  readonly rows: readonly CertificateRow[];
}

/** How far each of these revocations has come, live. */
function Watch({ serials, onClose }: { readonly serials: readonly string[]; readonly onClose: () => void }) {
  const rows = useRevocations((state) => state.rows);
  useEffect(followRevocations, []);
  return (
    <div className="body">
      <p className="small muted">{t('revoke.watch')}</p>
      {rows
        ?.filter(({ serial }) => serials.includes(serial))
        .map((revocation) => (
          <div key={revocation.serial}>
            <b>{revocation.device}</b>
            <RevocationStages revocation={revocation} />
          </div>
        ))}
      <div className="buttons">
        <Button look="primary" autoFocus onClick={onClose}>
          {t('common.close')}
        </Button>
      </div>
    </div>
  );
}

/** Find → see what it hits → reason → revoke → watch it take effect. */
export function RevokeDialog({ selector, onClose }: { readonly selector: Selector | null; readonly onClose: () => void }) {
  const [found, setFound] = useState<Found | null>(null);
  const [revoked, setRevoked] = useState<readonly RevocationView[] | null>(null);
  const [refused, setRefused] = useState<FailureData | null>(null);
  const { busy, failure, run } = useAction();
  const shown = failure ?? refused;

  const look = (wanted: Selector): void =>
    void run(async () => {
      setRefused(null);
      setFound({ selector: wanted, rows: await call('revocations.preview', wanted) });
    });
  // Chosen elsewhere: what it hits is shown at once.
  useEffect(() => {
    if (selector === null) return;
    call('revocations.preview', selector).then(
      (rows) => setFound({ selector, rows }),
      (error: unknown) => setRefused(toFailureData(error)),
    );
  }, [selector]);
  const revoke = (terms: { readonly reason: CertificateRow['reason'] & string; readonly note: string }): void => {
    if (found === null) return;
    void run(async () => {
      const views = await call('revocations.revoke', { selector: found.selector, ...terms });
      views.forEach(takeRevocation);
      setRevoked(views);
    });
  };

  return (
    <Dialog title={t('revoke.title')} intro={found === null ? t('revoke.intro') : undefined} width="wide" onClose={onClose}>
      {revoked === null ? null : <Watch serials={revoked.map(({ serial }) => serial)} onClose={onClose} />}
      {revoked === null && found !== null ? (
        <RevokeConfirm
          name={selectorText(found.selector)}
          rows={found.rows}
          busy={busy}
          onRevoke={revoke}
          onBack={() => setFound(null)}
          onClose={onClose}
        />
      ) : null}
      {found === null ? <RevokeFind initial={selector} busy={busy} onFind={look} onClose={onClose} /> : null}
      {shown === null ? null : <FailureCard failure={shown} />}
    </Dialog>
  );
}
