import type { StationStatus } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { useNow } from '../lib/ticker.ts';
import { StatusDot } from '../ui/Pill.tsx';
import { askForSession, goTo, openDialog } from './dialogs.ts';
import { OperatorMenu } from './OperatorMenu.tsx';
import { brokerItem, crlItem, outboxItem, sessionItem, type StatusItem, tokenItem } from './status-items.ts';

function Item({ item, onGo }: { readonly item: StatusItem; readonly onGo: () => void }) {
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
  const now = useNow();
  const security = (): void => goTo('security');
  const broker = (): void => openDialog(status.operator === null ? { kind: 'sign-in', then: null } : { kind: 'broker' });
  return (
    <footer className="status" aria-label={t('status.bar')}>
      <Item item={tokenItem(status)} onGo={security} />
      <Item item={sessionItem(status, now)} onGo={status.session === null ? askForSession : security} />
      <Item item={crlItem(status, now)} onGo={security} />
      <Item item={brokerItem(status, now)} onGo={broker} />
      <Item item={outboxItem(status, now)} onGo={broker} />
      <span className="spring" />
      <OperatorMenu operator={status.operator} />
    </footer>
  );
}
