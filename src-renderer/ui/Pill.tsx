import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';
import { type Tone, toneIcon } from './tone.ts';

/** A status as shape + word + colour. */
export function Pill({ tone, children, title }: { readonly tone: Tone; readonly children: ReactNode; readonly title?: string | undefined }) {
  return (
    <span className={`pill tone-${tone}`} title={title}>
      <Icon name={toneIcon[tone]} />
      {children}
    </span>
  );
}

/** The dot of the status bar: round is good, a diamond waits, a square is wrong, a ring is nothing yet. */
export function StatusDot({ tone }: { readonly tone: Tone }) {
  return <span className={tone === 'pass' ? 'dot' : `dot ${tone}`} aria-hidden="true" />;
}
