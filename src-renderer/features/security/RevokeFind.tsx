import { useState } from 'react';
import type { Selector } from '../../../src-main/contract/calls.ts';
import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { selectorOf, selectorText } from './selector.ts';

interface RevokeFindProps {
  /** Already chosen elsewhere. */
  readonly initial: Selector | null;
  readonly busy: boolean;
  readonly onFind: (selector: Selector) => void;
  readonly onClose: () => void;
}

/** By device, serial number or fingerprint. */
export function RevokeFind({ initial, busy, onFind, onClose }: RevokeFindProps) {
  const [text, setText] = useState(initial === null ? '' : selectorText(initial));
  const [bad, setBad] = useState(false);
  const find = (): void => {
    const selector = selectorOf(text);
    setBad(selector === null);
    if (selector !== null) onFind(selector);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        find();
      }}
    >
      <TextField
        label={t('revoke.find')}
        hint={t('revoke.find.hint')}
        problem={bad ? t('revoke.find.bad', { example: 'acme/T2-000104' }) : undefined}
        mono
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="buttons">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" disabled={busy}>
          {t('revoke.look')}
        </Button>
      </div>
    </form>
  );
}
