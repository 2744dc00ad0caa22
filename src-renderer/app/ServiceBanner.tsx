import { t } from '../i18n/index.ts';
import { useNow } from '../lib/ticker.ts';
import { Icon } from '../ui/Icon.tsx';
import { useStation } from './station.ts';

/** A restart may take less than a blink; what happened is said long enough to be read. */
const readMs = 5000;

/** A calm word while a background service starts again, and when it has. */
export function ServiceBanner() {
  const restarting = useStation((state) => state.restarting);
  const restartedAt = useStation((state) => state.restartedAt);
  const now = useNow();
  const isOver = restarting.length === 0;
  if (isOver && (restartedAt === null || now - restartedAt > readMs)) return null;
  return (
    <div className="calm" role="status">
      <Icon name={isOver ? 'check' : 'waiting'} />
      {t(isOver ? 'app.restarted' : 'app.restarting')}
    </div>
  );
}
