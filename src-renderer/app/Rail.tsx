import type { Role } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { Icon } from '../ui/Icon.tsx';
import { toggleSound, toggleTheme, usePreferences } from './preferences.ts';
import { setWorkplace } from './station.ts';
import { visibleTo, type Workplace, workplaceKeys } from './workplaces.ts';

function Switches() {
  const { theme, muted } = usePreferences();
  const themeWord = theme === 'dark' ? t('app.theme.light') : t('app.theme.dark');
  const soundWord = muted ? t('app.sound.off') : t('app.sound.on');
  return (
    <div className="switches">
      <button type="button" aria-label={soundWord} title={soundWord} aria-pressed={!muted} onClick={toggleSound}>
        <Icon name={muted ? 'soundOff' : 'soundOn'} />
      </button>
      <button type="button" aria-label={themeWord} title={themeWord} onClick={toggleTheme}>
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
      </button>
    </div>
  );
}

/** The workplaces that a role sees, each with its function key. */
export function Rail({ role, shown }: { readonly role: Role | null; readonly shown: Workplace | null }) {
  return (
    <nav className="rail" aria-label={t('app.workplaces')}>
      <Icon name="mark" className="logo" />
      {role === null
        ? null
        : visibleTo(role).map((workplace) => (
            <button
              key={workplace}
              type="button"
              className="place"
              aria-current={workplace === shown ? 'page' : undefined}
              onClick={() => setWorkplace(workplace)}
            >
              <Icon name={workplace} />
              {t(`app.${workplace}`)}
              <kbd aria-hidden="true">{workplaceKeys[workplace]}</kbd>
            </button>
          ))}
      <span className="spring" />
      <Switches />
    </nav>
  );
}
