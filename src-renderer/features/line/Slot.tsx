import { useState } from 'react';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { took } from '../../lib/format.ts';
import { useNowFine } from '../../lib/ticker.ts';
import { Button } from '../../ui/Button.tsx';
import { ConfirmDialog } from '../../ui/Dialog.tsx';
import { stopRun } from './actions.ts';
import { isWaiting, shownMs, toneFor } from './slot-face.ts';
import { SlotBody } from './SlotBody.tsx';
import { SlotFoot } from './SlotFoot.tsx';
import { useLine } from './store.ts';

function RunningTime({ slot }: { readonly slot: SlotView }) {
  const ms = shownMs(slot, useNowFine());
  return ms === null ? null : <span className="xs muted tick">{took(ms)}</span>;
}

function RestingTime({ slot }: { readonly slot: SlotView }) {
  const ms = shownMs(slot, 0);
  return ms === null ? null : <span className="xs muted tick">{took(ms)}</span>;
}

function StopButton({ slot }: { readonly slot: number }) {
  const [asking, setAsking] = useState(false);
  const [stopping, setStopping] = useState(false);
  const busy = useLine((state) => state.busy.has(slot));
  const stop = (): void => {
    setAsking(false);
    setStopping(true);
    stopRun(slot);
  };
  // The unit is asked to end in good order, which takes as long as it takes to answer.
  const ending = stopping && busy;
  return (
    <>
      <Button look="quiet" size="small" aria-label={t('slot.stopIn', { slot })} disabled={ending} onClick={() => setAsking(true)}>
        {ending ? t('slot.stopping') : t('slot.stop')}
      </Button>
      {asking ? (
        <ConfirmDialog
          title={t('stop.title', { slot })}
          what={t('stop.what')}
          go={t('stop.go')}
          onGo={stop}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

interface SlotProps {
  readonly slot: SlotView;
  readonly blocked: boolean;
  /** The station cannot be asked now: this is what it said last, and it is nobody's verdict. */
  readonly isLast: boolean;
}

/** One fixture position: which slot, what state, what to do now. */
export function Slot({ slot, blocked, isLast }: SlotProps) {
  const running = slot.state === 'RUNNING' && !isLast;
  const waiting = isWaiting(slot, blocked);
  const state = t(`slot.state.${slot.state}`);
  return (
    <section
      className={`slot ${isLast ? 'unknown' : waiting ? 'hold' : toneFor(slot)} state-${slot.state.toLowerCase()}`}
      aria-label={t(isLast ? 'slot.label.last' : 'slot.label', { slot: slot.slot, state })}
    >
      <div className="top">
        <span className="no">{slot.slot}</span>
        <span className="row">
          {running ? <StopButton slot={slot.slot} /> : null}
          {running ? <RunningTime slot={slot} /> : <RestingTime slot={slot} />}
        </span>
      </div>
      <SlotBody slot={slot} waiting={waiting} isLast={isLast} />
      {isLast ? <div className="foot">{t('slot.last')}</div> : <SlotFoot slot={slot} blocked={blocked} />}
    </section>
  );
}
