import { t } from '../../i18n/index.ts';
import { count } from '../../lib/format.ts';

export const pageRows = 100;

/** Where a page stands, by its number from 0 on: `101–200 of 1,234`. */
export function rangeText(page: number, shown: number, total: number): string {
  if (total === 0 || shown === 0) return t('registry.range.none');
  return t('registry.range', { from: count(page * pageRows + 1), to: count(page * pageRows + shown), total: count(total) });
}
