import { Component, type ReactNode } from 'react';
import { toFailureData } from '../../src-main/contract/errors.ts';
import { t } from '../i18n/index.ts';
import { Button } from '../ui/Button.tsx';
import { FailureCard } from '../ui/FailureCard.tsx';

interface State {
  readonly error: unknown;
}

/** Catches a bug in drawing: the rail and the status bar stay, the screen can be shown again. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <main className="crashed">
        <h1>{t('app.crash.title')}</h1>
        <p className="muted">{t('app.crash.what')}</p>
        <FailureCard failure={toFailureData(this.state.error)}>
          <Button look="primary" onClick={() => this.setState({ error: null })}>
            {t('app.crash.reload')}
          </Button>
        </FailureCard>
      </main>
    );
  }
}
