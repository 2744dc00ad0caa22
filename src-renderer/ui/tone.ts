import type { IconName } from './Icon.tsx';

export type Tone = 'pass' | 'fail' | 'busy' | 'hold' | 'idle';

/** The small shape that goes with a tone in pills. */
export const toneIcon: Readonly<Record<Tone, IconName>> = { pass: 'check', fail: 'cross', busy: 'waiting', hold: 'hold', idle: 'skipped' };
