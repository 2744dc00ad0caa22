import type { ReactNode } from 'react';
import type { OrderProgress } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { count } from '../../lib/format.ts';
import { Bar } from '../../ui/Bar.tsx';
import { figuresOf } from './order-figures.ts';
import { OrderMenu } from './OrderMenu.tsx';
import { useLine } from './store.ts';

function Figure({ name, value, unit }: { readonly name: string; readonly value: string; readonly unit?: string | undefined }) {
  return (
    <div>
      <div className="eyebrow">{name}</div>
      <div className="big">
        {value}
        {unit === undefined ? null : <small> {unit}</small>}
      </div>
    </div>
  );
}

function Frame({ eyebrow, title, children }: { readonly eyebrow: string; readonly title: string; readonly children?: ReactNode }) {
  return (
    <header className="order">
      <div className="what">
        <div className="eyebrow" title={eyebrow}>
          {eyebrow}
        </div>
        <div className="row">
          <h1 title={title}>{title}</h1>
          <OrderMenu />
        </div>
      </div>
      {children}
    </header>
  );
}

function Figures({ progress }: { readonly progress: OrderProgress }) {
  const { order, passed, failed, notVerified } = progress;
  const figures = figuresOf(progress);
  const { shares } = figures;
  return (
    <>
      <Figure name={t('line.done')} value={count(passed)} unit={`/ ${count(order.quantity)}`} />
      <Figure name={t('line.yield')} value={figures.yield ?? t('line.unknown')} unit={figures.yield === null ? undefined : '%'} />
      <Figure name={t('line.rate')} value={figures.rate ?? t('line.unknown')} />
      <Figure
        name={t('line.readyIn')}
        value={figures.timeLeft?.value ?? t('line.unknown')}
        unit={figures.timeLeft === null ? undefined : t(`line.${figures.timeLeft.unit}`)}
      />
      <Bar
        label={t('line.progress', { passed, failed, notVerified, left: figures.left })}
        parts={[
          { tone: 'pass', share: shares.passed },
          { tone: 'hold', share: shares.notVerified },
          { tone: 'fail', share: shares.failed },
        ]}
      />
    </>
  );
}

/** What the line makes, and how far it is. */
export function OrderHeader() {
  const progress = useLine((state) => state.order);
  if (progress === 'unread') return <Frame eyebrow={t('app.line')} title={t('line.order.unread')} />;
  if (progress === null) return <Frame eyebrow={t('app.line')} title={t('line.order.none')} />;
  const { order } = progress;
  return (
    <Frame eyebrow={t('line.order', { id: order.id, tenant: order.tenant })} title={order.product}>
      <Figures progress={progress} />
    </Frame>
  );
}
