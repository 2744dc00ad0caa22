import { useState } from 'react';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { ConfirmDialog } from '../../ui/Dialog.tsx';
import { act, reprovision } from './actions.ts';
import { actionsOf, labelOf, type SlotAction } from './slot-face.ts';
import { useLine } from './store.ts';

const words = {
  retry: 'slot.tryAgain',
  reject: 'slot.reject',
  prove: 'slot.prove',
  leave: 'slot.leave',
  reprovision: 'slot.renew',
} as const satisfies Record<SlotAction, string>;

const lastKey = 9;

/** The buttons of a slot; the first carries the slot's number key. */
export function SlotActions({ slot }: { readonly slot: SlotView }) {
  const number = slot.slot;
  const busy = useLine((state) => state.busy.has(number));
  const [asking, setAsking] = useState(false);
  const actions = actionsOf(slot);
  if (actions.length === 0) return null;
  return (
    <div className="acts">
      {actions.map((action, index) => (
        <Button
          key={action}
          look={index === 0 ? 'primary' : 'plain'}
          hint={index === 0 && number <= lastKey ? String(number) : undefined}
          disabled={busy}
          onClick={() => (action === 'reprovision' ? setAsking(true) : act[action](number))}
        >
          {t(words[action])}
        </Button>
      ))}
      {asking ? (
        <ConfirmDialog
          title={t('renew.title', { device: labelOf(slot.device ?? '') })}
          what={t('renew.what')}
          go={t('renew.go')}
          onClose={() => setAsking(false)}
          onGo={() => {
            setAsking(false);
            reprovision(number);
          }}
        />
      ) : null}
    </div>
  );
}
