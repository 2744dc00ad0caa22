import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';

/** An empty screen says what belongs there and how to get it. */
export function Blank({ icon, title, children }: { readonly icon: IconName; readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="blank">
      <Icon name={icon} />
      <b>{title}</b>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}
