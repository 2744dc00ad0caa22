import { useEffect } from 'react';
import type { StationStatus } from '../../../src-main/contract/models.ts';
import { useSources } from '../../app/station.ts';
import { t } from '../../i18n/index.ts';
import { Blank } from '../../ui/Blank.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { Announcer } from './Announcer.tsx';
import { BenchStrip } from './BenchStrip.tsx';
import { OrderHeader } from './OrderHeader.tsx';
import { Preconditions } from './Preconditions.tsx';
import { ScanNote } from './ScanNote.tsx';
import { Slot } from './Slot.tsx';
import { followLine, useLine } from './store.ts';

/** Few slots get more room each: the words must be read from two metres. */
const columnsFor = (slots: number): number => (slots <= 1 ? 1 : slots <= 4 ? 2 : slots <= 6 ? 3 : 4);

const many = 8;
const classOf = (slots: number): string => `slots across-${columnsFor(slots)}${slots > many ? ' many' : ''}`;

/** The technician's screen: the work order, what stands in the way, and the slots. */
export function LineScreen({ status }: { readonly status: StationStatus }) {
  const slots = useLine((state) => state.slots);
  const failure = useLine((state) => state.failure);
  const isKnown = useSources().station;
  useEffect(() => followLine(status.tryOut), [status.tryOut]);
  const blocked = status.preconditions.some(({ level }) => level === 'error');
  return (
    <>
      <OrderHeader />
      <main className="line">
        <Announcer />
        <ScanNote />
        <Preconditions preconditions={status.preconditions} />
        {failure === null ? null : <FailureCard failure={failure} />}
        {status.tryOut ? <BenchStrip /> : null}
        {status.tryOut || blocked || slots?.length === 0 ? null : <p className="prompt">{t('line.prompt')}</p>}
        {slots?.length === 0 ? (
          <Blank icon="plug" title={t('slots.empty.title')}>
            {t('slots.empty.what')}
          </Blank>
        ) : (
          <div className={classOf(slots?.length ?? 0)} role="group" aria-label={t('slots.title')}>
            {slots?.map((slot) => (
              <Slot key={slot.slot} slot={slot} blocked={blocked} isLast={!isKnown} />
            ))}
          </div>
        )}
      </main>
    </>
  );
}
