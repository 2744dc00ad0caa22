import { useState } from 'react';
import { limits } from '../../../src-main/contract/limits.ts';
import { openDialog } from '../../app/dialogs.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { useAction } from '../../lib/use-action.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { TextField } from '../../ui/Field.tsx';
import { termsOf } from './session-terms.ts';

const reasonChars = 200;

/** How much may be signed, for how long, and why; then the PIN is asked for. */
export function SessionDialog({ onClose }: { readonly onClose: () => void }) {
  const [form, setForm] = useState({ quota: '200', hours: '8', reason: '' });
  const [tried, setTried] = useState(false);
  const { busy, failure, run } = useAction();
  const { terms, bad } = termsOf(form);
  const problem = (field: (typeof bad)[number], text: string): string | undefined => (tried && bad.includes(field) ? text : undefined);
  const request = (): void => {
    setTried(true);
    if (terms === null) return;
    void run(async () => openDialog({ kind: 'pin', request: await call('sessions.request', terms) }));
  };
  return (
    <Dialog title={t('session.dialog.title')} intro={t('session.dialog.intro')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          request();
        }}
      >
        <div className="pair">
          <TextField
            label={t('session.quota')}
            hint={t('session.quota.hint')}
            problem={problem('quota', t('session.number.bad', { min: limits.sessionQuota.min, max: limits.sessionQuota.max }))}
            inputMode="numeric"
            value={form.quota}
            onChange={(event) => setForm({ ...form, quota: event.target.value })}
          />
          <TextField
            label={t('session.hours')}
            hint={t('session.hours.hint')}
            problem={problem('minutes', t('session.hours.bad'))}
            inputMode="decimal"
            value={form.hours}
            onChange={(event) => setForm({ ...form, hours: event.target.value })}
          />
        </div>
        <TextField
          label={t('session.reason')}
          hint={t('session.reason.hint')}
          problem={problem('reason', t('session.reason.missing'))}
          maxLength={reasonChars}
          autoFocus
          value={form.reason}
          onChange={(event) => setForm({ ...form, reason: event.target.value })}
        />
        {failure === null ? null : <FailureCard failure={failure} />}
        <div className="buttons">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            {t('session.continue')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
