import { t } from '../i18n/index.ts';
import { Icon } from '../ui/Icon.tsx';
import { useStation } from './station.ts';

/** A calm word while a background service starts again. */
export function ServiceBanner() {
  const restarting = useStation((state) => state.restarting);
  if (restarting.length === 0) return null;
  return (
    <div className="calm" role="status">
      <Icon name="waiting" />
      {t('app.restarting')}
    </div>
  );
}
