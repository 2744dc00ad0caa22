import { explain } from '../../../src-main/contract/errors.ts';
import type { SlotView } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';

export type Sound = 'good' | 'bad' | 'ask';

/** Something a person must hear of: a sound, and a sentence for screen readers. */
export interface Verdict {
  readonly sound: Sound;
  readonly sentence: string;
}

const soundOf: Readonly<Partial<Record<SlotView['state'], Sound>>> = {
  PASS: 'good',
  FAIL: 'bad',
  NOT_VERIFIED: 'ask',
  HAS_IDENTITY: 'ask',
};

/** What to say about a change of a slot; null when nobody needs to look up. */
export function verdictOf(before: SlotView | undefined, after: SlotView): Verdict | null {
  const sound = soundOf[after.state];
  if (sound === undefined || before === undefined || before.state === after.state) return null;
  const why = after.failure === null ? (after.device ?? '') : explain(after.failure.code, after.failure.params).title;
  return { sound, sentence: t('slot.announce', { slot: after.slot, word: t(`slot.state.${after.state}`), why }) };
}
