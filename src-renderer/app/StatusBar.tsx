import type { StationStatus } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { useNow } from '../lib/ticker.ts';
import { StatusDot } from '../ui/Pill.tsx';
import { askForSession, goTo, openDialog } from './dialogs.ts';
import { OperatorMenu } from './OperatorMenu.tsx';
import { useSources } from './station.ts';
import { type StatusItem, statusItems } from './status-items.ts';

export function StatusItemView({ item, onGo }: { readonly item: StatusItem; readonly onGo: () => void }) {
  return (
    <button type="button" onClick={onGo}>
      <StatusDot tone={item.tone} />
      <span>{item.name}</span> <b>{item.value}</b>
      {item.more === '' ? null : <span className="more">· {item.more}</span>}
    </button>
  );
}

/** Always visible; each item leads to the place where it is dealt with. */
export function StatusBar({ status }: { readonly status: StationStatus }) {
  const items = statusItems(status, useSources(), useNow());
  const security = (): void => goTo('security');
  const broker = (): void => openDialog(status.operator === null ? { kind: 'sign-in', then: null } : { kind: 'broker' });
  return (
    <footer className="status" aria-label={t('status.bar')}>
      <StatusItemView item={items.token} onGo={security} />
      <StatusItemView item={items.session} onGo={status.session === null ? askForSession : security} />
      <StatusItemView item={items.crl} onGo={security} />
      <StatusItemView item={items.broker} onGo={broker} />
      <StatusItemView item={items.outbox} onGo={broker} />
      <StatusItemView item={items.backup} onGo={security} />
      <span className="spring" />
      <OperatorMenu operator={status.operator} />
    </footer>
  );
}
