import { useState } from 'react';
import { toFailureData } from '../../../src-main/contract/errors.ts';
import type { OrderProgress } from '../../../src-main/contract/models.ts';
import { openDialog } from '../../app/dialogs.ts';
import { useStation } from '../../app/station.ts';
import { t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { count } from '../../lib/format.ts';
import { Button } from '../../ui/Button.tsx';
import { Menu, MenuHeading, MenuItem, MenuSeparator } from '../../ui/Menu.tsx';
import { useLine } from './store.ts';

const shownFailure = (error: unknown): void => useLine.setState({ failure: toFailureData(error) });

const choose = (id: string): void => {
  call('orders.choose', { id }).then((order) => useLine.setState({ order, failure: null }), shownFailure);
};

/** Puts another work order on the line; an officer can add one. */
export function OrderMenu() {
  const current = useLine(({ order }) => (order === 'unread' ? null : order?.order.id));
  const isOfficer = useStation((state) => state.status?.operator?.role === 'officer');
  const [orders, setOrders] = useState<readonly OrderProgress[] | null>(null);
  const load = (): void => {
    call('orders.list', {}).then(setOrders, shownFailure);
  };
  const isDone = useLine(({ order }) => order !== 'unread' && order !== null && order.passed >= order.order.quantity);
  const look = current === undefined || isDone ? 'primary' : 'quiet';
  return (
    <Menu
      onOpen={load}
      trigger={
        <Button look={look} size="small" icon="down">
          {current === undefined ? t('line.order.choose') : t('line.order.change')}
        </Button>
      }
    >
      <MenuHeading>{t('line.order.list')}</MenuHeading>
      {orders?.length === 0 ? (
        <MenuItem disabled onSelect={() => undefined}>
          {t('line.order.noneYet')}
        </MenuItem>
      ) : null}
      {orders?.map(({ order, passed }) => (
        <MenuItem key={order.id} icon={order.id === current ? 'check' : 'line'} onSelect={() => choose(order.id)}>
          <span>
            {order.id} · {order.product}
          </span>
          <span className="spring" />
          <span className="faint">
            {count(passed)} / {count(order.quantity)}
          </span>
        </MenuItem>
      ))}
      {isOfficer ? (
        <>
          <MenuSeparator />
          <MenuItem icon="plus" onSelect={() => openDialog({ kind: 'order' })}>
            {t('line.order.new')}
          </MenuItem>
        </>
      ) : null}
    </Menu>
  );
}
