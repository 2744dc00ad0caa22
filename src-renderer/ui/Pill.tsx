import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';
import type { Tone } from './tone.ts';

const shapes: Readonly<Record<Tone, IconName>> = {
  pass: 'check',
  fail: 'cross',
  busy: 'waiting',
  hold: 'hold',
  idle: 'skipped',
  unknown: 'unknown',
};

/** A status as shape + word + colour. */
export function Pill({
  tone,
  children,
  title,
}: {
  readonly tone: Tone;
  readonly children: ReactNode;
  readonly title?: string | undefined;
}) {
  return (
    <span className={`pill tone-${tone}`} title={title}>
      <Icon name={shapes[tone]} />
      {children}
    </span>
  );
}

/** The dot of the status bar: round is good, a diamond waits, a square is wrong, a ring is nothing yet, a question mark is not known. */
export function StatusDot({ tone }: { readonly tone: Tone }) {
  return (
    <span className={`dot ${tone}`} aria-hidden="true">
      {tone === 'unknown' ? '?' : null}
    </span>
  );
}
