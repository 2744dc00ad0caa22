import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { rangeText } from './paging.ts';
import { turnTo, useRegistry } from './store.ts';

/** “101–200 of 1,234” and the way to the other pages. */
export function Pager() {
  const { tab, cursors, devices, certificates } = useRegistry();
  const page = tab === 'devices' ? devices : certificates;
  if (page === null) return null;
  const { next } = page;
  return (
    <div className="row">
      <span className="small muted" role="status">
        {rangeText(cursors.length, page.rows.length, page.total)}
      </span>
      <Button
        size="small"
        icon="left"
        aria-label={t('registry.previous')}
        disabled={cursors.length === 0}
        onClick={() => turnTo({ cursors: cursors.slice(0, -1) })}
      />
      <Button
        size="small"
        icon="right"
        aria-label={t('registry.next')}
        disabled={next === null}
        onClick={() => turnTo({ cursors: next === null ? cursors : [...cursors, next] })}
      />
    </div>
  );
}
