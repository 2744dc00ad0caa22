import type { ReactNode } from 'react';

interface CardProps {
  readonly title: ReactNode;
  readonly label: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A titled region; `label` is its name for screen readers and tests. */
export function Card({ title, label, aside, children, className }: CardProps) {
  return (
    <section className={className === undefined ? 'card' : `card ${className}`} aria-label={label}>
      <div className="head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
