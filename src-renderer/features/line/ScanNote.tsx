import { useEffect } from 'react';
import { explain } from '../../../src-main/contract/errors.ts';
import { t } from '../../i18n/index.ts';
import { labelOf } from './slot-face.ts';
import { type ScanResult, useLine } from './store.ts';

const shownMs = 6_000;

function sentence(scan: ScanResult): string {
  const label = labelOf(scan.text);
  switch (scan.kind) {
    case 'bound':
      return t('scan.bound', { label, slot: scan.slot });
    case 'no-slot':
      return t('scan.noSlot', { label });
    case 'unread':
      return t('scan.unread', { label });
    case 'no-order':
      return t('scan.noOrder', { label });
    case 'refused':
      return t('scan.refused', { label, why: explain(scan.failure.code, scan.failure.params).what });
  }
}

/** What was scanned and what became of it, over everything else: nothing moves for it. */
export function ScanNote() {
  const scan = useLine((state) => state.scan);
  useEffect(() => {
    if (scan === null) return;
    const timer = setTimeout(() => useLine.setState({ scan: null }), shownMs);
    return () => clearTimeout(timer);
  }, [scan]);
  return (
    <div className="scanned" role="status" aria-live="polite">
      {scan === null ? null : <p className={scan.kind === 'bound' ? 'good' : 'bad'}>{sentence(scan)}</p>}
    </div>
  );
}
