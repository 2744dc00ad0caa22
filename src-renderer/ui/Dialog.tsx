import { AlertDialog, Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { t } from '../i18n/index.ts';
import { Button } from './Button.tsx';

interface DialogProps {
  readonly title: string;
  readonly intro?: string | undefined;
  readonly width?: 'narrow' | 'wide';
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const classOf = (width: DialogProps['width']): string => (width === undefined ? 'dialog' : `dialog ${width}`);

/**
 * A modal dialog, shown as long as it is rendered. The veil is our own: Radix' overlay locks scrolling with an injected
 * style tag, which the content security policy refuses.
 */
export function Dialog({ title, intro, width, onClose, children }: DialogProps) {
  return (
    <Radix.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <div className="veil" />
        <Radix.Content className={classOf(width)} aria-modal="true" {...(intro === undefined ? { 'aria-describedby': undefined } : {})}>
          <div>
            <Radix.Title>{title}</Radix.Title>
            {intro === undefined ? null : <Radix.Description className="intro">{intro}</Radix.Description>}
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly what: string;
  readonly go: string;
  readonly busy?: boolean;
  readonly onGo: () => void;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}

/** A question before something that cannot be undone; Cancel has the focus. */
export function ConfirmDialog({ title, what, go, busy = false, onGo, onClose, children }: ConfirmProps) {
  return (
    <AlertDialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <AlertDialog.Portal>
        <div className="veil" />
        <AlertDialog.Content className="dialog narrow" aria-modal="true">
          <div>
            <AlertDialog.Title>{title}</AlertDialog.Title>
            <AlertDialog.Description className="intro">{what}</AlertDialog.Description>
          </div>
          {children}
          <div className="buttons">
            <AlertDialog.Cancel asChild>
              <Button>{t('common.cancel')}</Button>
            </AlertDialog.Cancel>
            <Button look="destroy" disabled={busy} onClick={onGo}>
              {go}
            </Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
