import type { Tone } from './tone.ts';

interface BarProps {
  readonly label: string;
  readonly parts: readonly { readonly tone: Exclude<Tone, 'idle'>; readonly share: number }[];
}

/** A bar made of shares between 0 and 1. */
export function Bar({ label, parts }: BarProps) {
  return (
    <div className="bar" role="img" aria-label={label}>
      {parts.map(({ tone, share }) => (
        <i key={tone} className={tone} style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
      ))}
    </div>
  );
}
