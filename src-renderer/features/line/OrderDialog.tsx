import { useState } from 'react';
import { type MessageKey, t } from '../../i18n/index.ts';
import { call } from '../../lib/client.ts';
import { useAction } from '../../lib/use-action.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { TextField } from '../../ui/Field.tsx';
import { firstDevice, type OrderField, type OrderForm, orderOf, profiles } from './order-form.ts';
import { useLine } from './store.ts';

const problems = {
  id: 'order.id.bad',
  tenant: 'order.tenant.bad',
  product: 'order.product.bad',
  quantity: 'order.quantity.bad',
  idPrefix: 'order.prefix.bad',
} as const satisfies Record<OrderField, MessageKey>;

const longest = { id: 40, tenant: 64, product: 80, idPrefix: 40 } as const;

/** A new work order, put on the line at once. */
export function OrderDialog({ onClose }: { readonly onClose: () => void }) {
  const [form, setForm] = useState<OrderForm>({ id: '', tenant: '', product: '', quantity: '', idPrefix: '' });
  const [tried, setTried] = useState(false);
  const { busy, failure, run } = useAction();
  const { order, bad } = orderOf(form);
  const first = firstDevice(form);

  const field = (name: OrderField) => ({
    problem: tried && bad.has(name) ? t(problems[name]) : undefined,
    value: form[name],
    onChange: (event: { readonly target: { readonly value: string } }) => setForm({ ...form, [name]: event.target.value }),
  });
  const add = async (): Promise<void> => {
    setTried(true);
    if (order === null) return;
    const added = await run(async () => {
      await call('orders.create', order);
      useLine.setState({ order: await call('orders.choose', { id: order.id }), failure: null });
    });
    if (added) onClose();
  };

  return (
    <Dialog title={t('order.title')} intro={t('order.intro')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <div className="pair">
          <TextField label={t('order.id')} hint={t('order.id.hint')} mono autoFocus maxLength={longest.id} {...field('id')} />
          <TextField label={t('order.quantity')} hint={t('order.quantity.hint')} inputMode="numeric" {...field('quantity')} />
        </div>
        <TextField label={t('order.product')} hint={t('order.product.hint')} maxLength={longest.product} {...field('product')} />
        <div className="pair">
          <TextField label={t('order.tenant')} hint={t('order.tenant.hint')} mono maxLength={longest.tenant} {...field('tenant')} />
          <TextField label={t('order.prefix')} hint={t('order.prefix.hint')} mono maxLength={longest.idPrefix} {...field('idPrefix')} />
        </div>
        <p className="small" role="status">
          {t('order.first')} <b className="mono">{first ?? t('line.unknown')}</b>
        </p>
        <p className="xs muted">{t('order.profiles', profiles)}</p>
        {failure === null ? null : <FailureCard failure={failure} />}
        <div className="buttons">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            {t('order.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
