import { t } from '../../i18n/index.ts';
import { Blank } from '../../ui/Blank.tsx';
import { type Tab, useRegistry } from './store.ts';

/** Nothing found, or nothing there yet: two different things. */
export function EmptyTable({ tab }: { readonly tab: Tab }) {
  const { search, status } = useRegistry();
  if (search.trim() !== '') {
    return (
      <Blank icon="search" title={t('registry.noMatch', { search: search.trim() })}>
        {t('registry.noMatch.what')}
      </Blank>
    );
  }
  if (status !== null) return <Blank icon="search" title={t('registry.noMatch.status')} />;
  return (
    <Blank icon={tab === 'devices' ? 'plug' : 'security'} title={t(`registry.${tab}.empty`)}>
      {t(`registry.${tab}.empty.what`)}
    </Blank>
  );
}
