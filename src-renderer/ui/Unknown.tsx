import type { ReactNode } from 'react';
import { t } from '../i18n/index.ts';

/** In the place of a value that nobody knows: its own colour and word. */
export function Unknown({ children = t('unknown.word') }: { readonly children?: ReactNode }) {
  return <span className="tone-unknown">{children}</span>;
}
