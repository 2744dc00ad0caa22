import { useState } from 'react';
import { explain, type FailureData } from '../../../src-main/contract/errors.ts';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { bytes, dayAndTime, isAhead, preciseTime, shortOrder, until } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { gapsLabel, proofLabel } from '../../lib/labels.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Unknown } from '../../ui/Unknown.tsx';
import { CopyDetails, FailureCard } from '../../ui/FailureCard.tsx';
import { positionOf } from './slot-face.ts';
import { useLine } from './store.ts';

/** How long a try in vain is shown. */
const triedShownMs = 15_000;

function Steps({ slot }: { readonly slot: SlotView }) {
  const { step, total, within } = positionOf(slot);
  return (
    <div className="steps" aria-hidden="true">
      {Array.from({ length: total }, (_, index) => {
        if (step === null) return <span key={index} />;
        const share = index + 1 < step ? 1 : index + 1 === step ? Math.max(0.35, within) : 0;
        return (
          <span key={index}>
            <i style={{ width: `${share * 100}%` }} />
          </span>
        );
      })}
    </div>
  );
}

function RunningFoot({ slot }: { readonly slot: SlotView }) {
  const { step, total } = positionOf(slot);
  return (
    <div>
      <Steps slot={slot} />
      <div className="foot">
        {step === null ? <Unknown>{t('slot.step.unknown')}</Unknown> : <span>{t('slot.step', { n: step, total })}</span>}
        {slot.progress === null ? null : (
          <span>{t('slot.bytes', { done: bytes(slot.progress.done), total: bytes(slot.progress.total) })}</span>
        )}
      </div>
    </div>
  );
}

function CodeButton({ slot, failure }: { readonly slot: SlotView; readonly failure: FailureData }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button
        type="button"
        className="linklike mono code"
        aria-label={t('slot.details', { slot: slot.slot, code: failure.code })}
        onClick={() => setOpen(true)}
      >
        {failure.code}
      </button>
      {open ? (
        <Dialog title={t('slot.label', { slot: slot.slot, state: t(`slot.state.${slot.state}`) })} onClose={close}>
          <FailureCard failure={failure} />
          <div className="buttons">
            <Button autoFocus onClick={close}>
              {t('common.close')}
            </Button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function Deadline({ deadline }: { readonly deadline: string }) {
  const now = useNow();
  if (!isAhead(deadline, now)) return <span>{t('slot.notVerified.over')}</span>;
  return (
    <span>
      {t('slot.notVerified.until', { time: dayAndTime(deadline, now) })}
      <span className="left"> · {t('slot.notVerified.left', { left: until(deadline, now) })}</span>
    </span>
  );
}

/** Until when it can be proven; just after a try in vain, that. */
function Unproven({ slot }: { readonly slot: SlotView }) {
  const tried = useLine((state) => state.triedInVain.get(slot.slot));
  const now = useNow();
  if (tried !== undefined && now - Date.parse(tried) < triedShownMs)
    return <b role="status">{t('slot.notVerified.tried', { time: preciseTime(tried) })}</b>;
  return slot.deadline === null ? <Unknown>{t('slot.notVerified.unknown')}</Unknown> : <Deadline deadline={slot.deadline} />;
}

function Earlier({ at, order }: { readonly at: string; readonly order: string }) {
  return <span>{t('slot.earlier', { time: dayAndTime(at, useNow()), order: shortOrder(order) })}</span>;
}

/** How far it was proven, and what was left out: a pass with a gap never looks like one without. */
function PassedFoot({ slot }: { readonly slot: SlotView }) {
  const gaps = gapsLabel(slot.gaps);
  return (
    <div className="foot passed">
      <span>{t('slot.remove')}</span>
      {slot.earlier === null ? null : <Earlier {...slot.earlier} />}
      {slot.proofLevel === null ? <Unknown>{t('slot.proof.unknown')}</Unknown> : <span>{proofLabel(slot.proofLevel)}</span>}
      {gaps === null ? null : <b className="gaps">{gaps}</b>}
    </div>
  );
}

function readyWord({ failure }: SlotView, blocked: boolean): string {
  if (failure !== null) return explain(failure.code, failure.params).title;
  return blocked ? t('slot.ready.blocked') : t('slot.ready');
}

/** The small line at the bottom: what the verdict rests on, or what is left to do. */
export function SlotFoot({ slot, blocked }: { readonly slot: SlotView; readonly blocked: boolean }) {
  switch (slot.state) {
    case 'RUNNING':
      return <RunningFoot slot={slot} />;
    case 'PASS':
      return <PassedFoot slot={slot} />;
    case 'FAIL':
      return (
        <div className="foot">
          <span>{slot.certificateRevoked ? t('slot.revoked') : t('slot.noCertificate')}</span>
          {slot.failure === null ? null : (
            <span className="row">
              <CopyDetails failure={slot.failure} />
              <CodeButton slot={slot} failure={slot.failure} />
            </span>
          )}
        </div>
      );
    case 'NOT_VERIFIED':
      return (
        <div className="foot">
          <Unproven slot={slot} />
          {slot.failure === null ? null : <CodeButton slot={slot} failure={slot.failure} />}
        </div>
      );
    case 'HAS_IDENTITY':
      return <div className="foot">{t('slot.answer')}</div>;
    case 'READY':
      return <div className="foot">{readyWord(slot, blocked)}</div>;
    case 'REMOVE':
      return <div className="foot">{slot.certificateRevoked ? t('slot.revoked.later') : t('slot.removed')}</div>;
    case 'EMPTY':
      return <div className="foot">{t('slot.empty')}</div>;
  }
}
