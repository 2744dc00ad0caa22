import { explain } from '../../../src-main/contract/errors.ts';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { shortLabel } from '../../lib/format.ts';
import { stepLabel } from '../../lib/labels.ts';
import { Icon, type IconName } from '../../ui/Icon.tsx';
import { SlotActions } from './SlotActions.tsx';
import { labelOf, positionOf } from './slot-face.ts';

const shapes: Readonly<Record<SlotView['state'], IconName>> = {
  RUNNING: 'waiting',
  EMPTY: 'plug',
  READY: 'ready',
  PASS: 'pass',
  FAIL: 'fail',
  NOT_VERIFIED: 'hold',
  HAS_IDENTITY: 'hold',
  REMOVE: 'eject',
};

/** Radius 9.500 of the 24-grid: its circumference, for the ring that fills. */
const around = 2 * Math.PI * 9.5;

function Ring({ share }: { readonly share: number }) {
  return (
    <svg className="icon shape" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="9.5" strokeOpacity=".25" />
      <circle cx="12" cy="12" r="9.5" transform="rotate(-90 12 12)" strokeDasharray={`${Math.max(0.02, share) * around} ${around}`} />
    </svg>
  );
}

function Identity({ slot }: { readonly slot: SlotView }) {
  const known = slot.device ?? slot.label;
  const name = known === null ? slot.unit?.hardwareId : labelOf(known);
  return name === undefined ? null : (
    <div className="id" title={known ?? name}>
      {shortLabel(name)}
    </div>
  );
}

/** Why, in the catalogue's words; the steps appear where there is room, and always behind the code in the foot. */
function Cause({ slot }: { readonly slot: SlotView }) {
  if (slot.failure === null)
    return (
      <div className="cause">
        <b className="tone-unknown">{t('slot.cause.unknown')}</b>
      </div>
    );
  const said = explain(slot.failure.code, slot.failure.params);
  return (
    <>
      <div className="cause">
        <b>{said.title}</b>
        <span className="what">{said.what}</span>
      </div>
      {said.steps.length === 0 ? null : (
        <ol className="todo">
          {said.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
    </>
  );
}

/** What NOT VERIFIED means, under the reason for it. */
function Unproven({ slot }: { readonly slot: SlotView }) {
  return (
    <div className="cause">
      {slot.failure === null ? (
        <b className="tone-unknown">{t('slot.cause.unknown')}</b>
      ) : (
        <b>{explain(slot.failure.code, slot.failure.params).title}</b>
      )}
      <span className="what">{t('slot.notVerified.what')}</span>
    </div>
  );
}

function Question({ slot }: { readonly slot: SlotView }) {
  return (
    <div className="cause">
      {slot.device === null ? t('slot.hasIdentity.elsewhere') : t('slot.hasIdentity', { device: shortLabel(labelOf(slot.device)) })}
    </div>
  );
}

/** Shape, word, whose unit, why, and what can be done. */
export function SlotBody({ slot, waiting, isLast }: { readonly slot: SlotView; readonly waiting: boolean; readonly isLast: boolean }) {
  const word =
    slot.state === 'RUNNING' && slot.step !== null ? stepLabel(slot.step) : t(waiting ? 'slot.word.waiting' : `slot.word.${slot.state}`);
  return (
    <div className="say">
      <div className="sign">
        {slot.state === 'RUNNING' && !isLast ? (
          <Ring share={positionOf(slot).overall} />
        ) : (
          <Icon name={isLast ? 'unknown' : waiting ? 'waiting' : shapes[slot.state]} className="shape" />
        )}
        <div className="word">{word}</div>
        {slot.state === 'HAS_IDENTITY' ? null : <Identity slot={slot} />}
      </div>
      {!isLast && (slot.state === 'FAIL' || slot.state === 'NOT_VERIFIED' || slot.state === 'HAS_IDENTITY') ? (
        <div className="why">
          {slot.state === 'FAIL' ? <Cause slot={slot} /> : null}
          {slot.state === 'NOT_VERIFIED' ? <Unproven slot={slot} /> : null}
          {slot.state === 'HAS_IDENTITY' ? <Question slot={slot} /> : null}
          <SlotActions slot={slot} />
        </div>
      ) : null}
    </div>
  );
}
