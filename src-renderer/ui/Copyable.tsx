import { t } from '../i18n/index.ts';
import { Icon } from './Icon.tsx';
import { useCopy } from './use-copy.ts';

/** A long name shown short and copied whole. */
export function Copyable({ what, value, shown }: { readonly what: string; readonly value: string; readonly shown: string }) {
  const { copied, copy } = useCopy();
  return (
    <button type="button" className="linklike copy mono" title={value} data-copied={copied ? '' : undefined} onClick={() => copy(value)}>
      <span className="unseen">{t('common.copy', { what })}</span>
      <span>{shown}</span>
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  );
}
