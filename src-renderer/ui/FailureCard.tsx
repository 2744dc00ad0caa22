import type { ReactNode } from 'react';
import { explain, type FailureData } from '../../src-main/contract/errors.ts';
import { t } from '../i18n/index.ts';
import { failureReport } from '../lib/failure-report.ts';
import { whoCan } from '../lib/labels.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { useCopy } from './use-copy.ts';

interface FailureCardProps {
  readonly failure: FailureData;
  readonly level?: 'error' | 'warning';
  /** Buttons that deal with it. */
  readonly children?: ReactNode;
}

/** Copies what support needs. */
export function CopyDetails({ failure }: { readonly failure: FailureData }) {
  const { copied, copy } = useCopy();
  return (
    <Button
      look="quiet"
      size="small"
      icon={copied ? 'check' : 'copy'}
      onClick={() => copy(failureReport(failure, new Date().toISOString()))}
    >
      {copied ? t('common.copied') : t('common.copyDetails')}
    </Button>
  );
}

/** Title · what happened · what to do · who · buttons · code · copy details. */
export function FailureCard({ failure, level = 'error', children }: FailureCardProps) {
  const said = explain(failure.code, failure.params);
  return (
    <section className={level === 'error' ? 'failure' : 'failure hold'} role={level === 'error' ? 'alert' : 'note'} aria-label={said.title}>
      <div className="title">
        <Icon name={level === 'error' ? 'fail' : 'hold'} />
        {said.title}
      </div>
      <div className="what small">{said.what}</div>
      {said.steps.length === 0 ? null : (
        <ol className="small">
          {said.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {failure.detail === undefined ? null : <div className="what mono xs muted">{failure.detail}</div>}
      <div className="acts">
        {children}
        <span className="xs muted">{t('failure.who', { who: whoCan(said.who) })}</span>
        <span className="code">
          <span className="mono xs muted">{failure.code}</span>
          <CopyDetails failure={failure} />
        </span>
      </div>
    </section>
  );
}
