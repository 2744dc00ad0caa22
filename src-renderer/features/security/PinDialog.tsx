import { useEffect, useRef, useState } from 'react';
import type { PinRequest, PinTerms } from '../../../src-main/contract/calls.ts';
import { toFailureData, type FailureData } from '../../../src-main/contract/errors.ts';
import { limits } from '../../../src-main/contract/limits.ts';
import { tryOutPin } from '../../../src-main/contract/signer.ts';
import { loadStatus, useStation } from '../../app/station.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { dayAndTime } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { useAction } from '../../lib/use-action.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { PinTermsList } from './PinTermsList.tsx';
import { triesAfter } from './pin-tries.ts';

export function Tries({ tries }: { readonly tries: number | null }) {
  if (tries === null) return <Pill tone="unknown">{t('pin.tries.unknown')}</Pill>;
  return tries === 1 ? (
    <Pill tone="fail">{t('pin.tries.one')}</Pill>
  ) : (
    <Pill tone={tries === 2 ? 'hold' : 'idle'}>{t('pin.tries', { n: tries })}</Pill>
  );
}

/**
 * The one place where a PIN is typed. It lives in the input field only: it is taken out when it is sent, goes straight to
 * the signer, and is never sent twice.
 */
export function PinDialog({ request, onClose }: { readonly request: PinRequest; readonly onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [short, setShort] = useState(false);
  const tryOut = useStation((state) => state.status?.tryOut === true);
  const now = useNow();
  const { busy, failure, run } = useAction();
  const { token, requestId } = request;
  const [terms, setTerms] = useState<PinTerms | null>(null);
  const [refused, setRefused] = useState<FailureData | null>(null);

  const shown = failure ?? refused;

  // Nothing is entered before the signer has said what for.
  useEffect(() => {
    call('pin.terms', { requestId }).then(setTerms, (error: unknown) => setRefused(toFailureData(error)));
  }, [requestId]);

  const enter = async (): Promise<void> => {
    const input = field.current;
    if (input === null || terms === null) return;
    const pin = input.value;
    input.value = '';
    const usable = pin.length >= limits.pinChars.min && pin.length <= limits.pinChars.max;
    setShort(!usable);
    if (!usable) return;
    const bytes = new TextEncoder().encode(pin);
    const opened = await run(() => call('pin.enter', { requestId, pin: bytes }));
    bytes.fill(0);
    if (opened) {
      await loadStatus();
      onClose();
    } else {
      input.focus();
    }
  };

  return (
    <Dialog title={t('pin.title')} intro={t('pin.straight')} width="narrow" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        {terms === null ? null : <PinTermsList terms={terms} />}
        <TextField
          ref={field}
          type="password"
          mono
          autoFocus
          label={t('pin.field', { token: token?.label ?? t('pin.unnamed') })}
          hint={tryOut ? t('pin.tryOut', { pin: tryOutPin }) : token?.pinPad === true ? t('pin.pad') : undefined}
          problem={short ? t('pin.short', limits.pinChars) : undefined}
          maxLength={limits.pinChars.max}
          readOnly={busy}
        />
        <div className="row">
          <Tries tries={triesAfter(token?.triesLeft ?? null, failure)} />
          <span className="spring" />
          <span className="xs faint">{t('pin.until', { time: dayAndTime(request.expiresAt, now) })}</span>
        </div>
        {shown === null ? null : <FailureCard failure={shown} />}
        <div className="buttons">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy || terms === null}>
            {t('pin.enter')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
