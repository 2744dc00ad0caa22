/** Half a circle of radius 60: its length. */
const arc = Math.PI * 60;
const path = 'M15 85a60 60 0 0 1 120 0';
/** The last quarter of the list's life is marked: by then a new one must be out. */
const late = 0.75;

/** How much of a list's life is over, 0 to 1. */
export function AgeGauge({ share, word, label }: { readonly share: number; readonly word: string; readonly label: string }) {
  const over = Math.max(0.015, Math.min(1, share));
  return (
    <svg className="gauge" viewBox="0 0 150 92" role="img" aria-label={label}>
      <path className="track" d={path} />
      <path className={share < late ? 'value' : 'value late'} d={path} strokeDasharray={`${over * arc} ${arc}`} />
      <path className="limit" d="M117 43a60 60 0 0 1 18 42" />
      <text x="75" y="79" textAnchor="middle">
        {word}
      </text>
    </svg>
  );
}
