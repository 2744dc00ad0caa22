import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { nextOffset, previousOffset, rangeText } from './paging.ts';
import { turnTo, useRegistry } from './store.ts';

/** “101–200 of 1,234” and the way to the other pages. */
export function Pager() {
  const { tab, offset, devices, certificates } = useRegistry();
  const page = tab === 'devices' ? devices : certificates;
  if (page === null) return null;
  const next = nextOffset(offset, page.total);
  return (
    <div className="row">
      <span className="small muted" role="status">
        {rangeText(offset, page.rows.length, page.total)}
      </span>
      <Button
        size="small"
        icon="left"
        aria-label={t('registry.previous')}
        disabled={offset === 0}
        onClick={() => turnTo({ offset: previousOffset(offset) })}
      />
      <Button
        size="small"
        icon="right"
        aria-label={t('registry.next')}
        disabled={next === null}
        onClick={() => turnTo({ offset: next ?? offset })}
      />
    </div>
  );
}
