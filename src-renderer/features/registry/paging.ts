import { t } from '../../i18n/index.ts';
import { count } from '../../lib/format.ts';

export const pageRows = 100;

/** Where a page stands: `101–200 of 1,234`. */
export function rangeText(offset: number, shown: number, total: number): string {
  if (total === 0 || shown === 0) return t('registry.range.none');
  return t('registry.range', { from: count(offset + 1), to: count(offset + shown), total: count(total) });
}

export const previousOffset = (offset: number): number => Math.max(0, offset - pageRows);

/** The next page's offset; null on the last page. */
export const nextOffset = (offset: number, total: number): number | null => (offset + pageRows < total ? offset + pageRows : null);
