import type { FailureData } from '../../../src-main/contract/errors.ts';
import type { Precondition } from '../../../src-main/contract/models.ts';
import { askForOrder, askForSession, goTo, openDialog } from '../../app/dialogs.ts';
import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { type Place, placeFor } from './remedy.ts';

const remedies: Readonly<
  Record<Place, { readonly word: 'line.fix.session' | 'line.fix.security' | 'line.fix.broker' | 'line.order.new'; readonly go: () => void }>
> = {
  session: { word: 'line.fix.session', go: askForSession },
  security: { word: 'line.fix.security', go: () => goTo('security') },
  order: { word: 'line.order.new', go: askForOrder },
  broker: { word: 'line.fix.broker', go: () => openDialog({ kind: 'broker' }) },
};

function Remedy({ failure }: { readonly failure: FailureData }) {
  const place = placeFor(failure.code);
  if (place === null) return null;
  const { word, go } = remedies[place];
  return (
    <Button look="primary" size="small" onClick={go}>
      {t(word)}
    </Button>
  );
}

/** What must be dealt with before a unit can start, each with the way to the place. */
export function Preconditions({ preconditions }: { readonly preconditions: readonly Precondition[] }) {
  if (preconditions.length === 0) return null;
  const blocked = preconditions.some(({ level }) => level === 'error');
  return (
    <section className="preconditions" aria-label={blocked ? t('line.blocked') : t('line.warned')}>
      <div className="eyebrow">{blocked ? t('line.blocked') : t('line.warned')}</div>
      {preconditions.map(({ level, failure }) => (
        <FailureCard key={failure.code} failure={failure} level={level}>
          <Remedy failure={failure} />
        </FailureCard>
      ))}
    </section>
  );
}
