import type { ComponentProps, ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';

export type ButtonLook = 'plain' | 'primary' | 'danger' | 'destroy' | 'quiet';

interface ButtonProps extends Omit<ComponentProps<'button'>, 'className'> {
  readonly look?: ButtonLook;
  readonly size?: 'small' | 'large';
  readonly icon?: IconName;
  /** The key that does the same, shown behind the word. */
  readonly hint?: string | undefined;
  readonly children?: ReactNode;
}

export function Button({ look = 'plain', size, icon, hint, children, type = 'button', ...rest }: ButtonProps) {
  const className = ['btn', look === 'plain' ? '' : look, size ?? ''].filter((part) => part !== '').join(' ');
  return (
    <button type={type} className={className} {...rest}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
      {hint === undefined ? null : <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  );
}
