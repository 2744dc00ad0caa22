import { useEffect } from 'react';
import { usePreferences } from '../../app/preferences.ts';
import { beep } from './sound.ts';
import { useLine } from './store.ts';

/** Says a verdict to screen readers and sounds it, unless the sound is off. */
export function Announcer() {
  const verdict = useLine((state) => state.verdict);
  useEffect(() => {
    if (verdict !== null && !usePreferences.getState().muted) beep(verdict.sound);
  }, [verdict]);
  return (
    <div className="unseen" role="status" aria-live="polite">
      {verdict?.sentence}
    </div>
  );
}
